import Domain
import Testing

@Suite struct ValueTests {
    @Test func `an identity prints, reads back and sorts by age`() throws {
        let first = ID<Payment>(at: Sample.at(1), chance: Array(repeating: 255, count: 10))
        let second = ID<Payment>(at: Sample.at(2), chance: Array(repeating: 0, count: 10))
        #expect(first < second && first.text.utf8.count == 30)
        #expect(ID<Payment>(parsing: first.text) == first)
        #expect(ID<Event>(parsing: first.text) == nil)
        let parts = (1...12).map { ID<Event>(part: $0, of: first) }
        #expect(parts.sorted() == parts)
        #expect(parts.allSatisfy { ID<Event>(parsing: $0.text) == $0 })
    }

    @Test(arguments: [
        "", "pay_", "pay_01J9Z3", "pay_01J9Z30000000000000000000I", "PAY_01J9Z300000000000000000000",
        "pay_01J9Z300000000000000000000_", "pay_01J9Z300000000000000000000_01", "pay_01J9Z300000000000000000000_0",
        "pay_01J9Z300000000000000000000_1234567890", "pay_01j9z300000000000000000000",
        "pay_01J9Z3000000000000000000000",
        "pay_01J9Z300000000000000000000 ", "pay_01J9Z300000000000000000000_1a",
    ])
    func `other text is no identity`(text: String) {
        #expect(ID<Payment>(parsing: text) == nil)
    }

    @Test func `records that differ have different preimages`() {
        func record(
            chain: String = "c", sequence: UInt64 = 1, at: Int64 = 1, kind: String = "k", subject: String = "s",
            cause: String = "u", actor: String = "a", body: [UInt8] = [1], previous: [UInt8] = [2]
        ) -> Record {
            Record(
                chain: chain, sequence: sequence, at: Instant(milliseconds: at), kind: kind, subject: subject,
                cause: cause, actor: actor, body: body, previous: previous)
        }
        let records = [
            record(), record(chain: "c1", sequence: 1), record(chain: "c", sequence: 11), record(at: 11),
            record(at: -1),
            record(kind: "ks", subject: ""), record(kind: "", subject: "ks"), record(subject: "su", cause: ""),
            record(subject: "", cause: "su"), record(cause: "ua", actor: ""), record(cause: "", actor: "ua"),
            record(actor: "a\u{1}", body: []), record(actor: "", body: [0x61, 1]), record(body: []),
            record(previous: []),
            record(body: [2], previous: [1]), record(chain: ""), record(kind: "\u{0}k"),
        ]
        #expect(Set(records.map(\.preimage)).count == records.count)
    }

    @Test func `records of every small text differ in their preimages`() {
        let texts = ["", "a", "b", "ab", "1", "11", "\n", "\u{0}"]
        var (preimages, count) = (Set<[UInt8]>(), 0)
        for chain in texts {
            for kind in texts {
                for subject in texts {
                    for cause in texts {
                        for actor in texts {
                            for sequence: UInt64 in [1, 11] {
                                let record = Record(
                                    chain: chain, sequence: sequence, at: Instant(milliseconds: 1), kind: kind,
                                    subject: subject, cause: cause, actor: actor, body: [], previous: [])
                                preimages.insert(record.preimage)
                                count += 1
                            }
                        }
                    }
                }
            }
        }
        #expect(count == 65_536 && preimages.count == count)
    }

    @Test(arguments: [
        ([1, -1], true), ([2, -1, -1], true), ([1, -2], false), ([0, 0], false), ([1], false), ([], false),
        ([.max, .max, -1], false), ([.max, .min], false), ([.max, -.max], true), ([1, -1, 0], false),
    ] as [([Int128], Bool)])
    func `an entry balances or cannot be built`(amounts: [Int128], isBalanced: Bool) {
        let entry = Entry(
            id: ID(part: 1, of: Sample.payment), kind: .received, method: Sample.btc.method, transfer: Sample.key("a"),
            businessKey: "k", at: Sample.at(0),
            postings: amounts.map { Posting(account: .payments, amount: $0, reference: nil) }, corrects: nil)
        #expect((entry != nil) == isBalanced)
    }

    @Test func `accounts read back what they print`() {
        let accounts: [Account] = [
            .wallet(Sample.wallet), .feesNetwork, .reorgLoss, .withdrawn, .payments, .excess, .unapplied, .escrow,
            .refundsPending, .settled, .feesService, .rounding,
        ]
        for account in accounts { #expect(Account(parsing: account.description) == account) }
        #expect(Account(parsing: "wallet:") == nil && Account(parsing: "other") == nil)
    }
}

@Suite struct DeliveryTests {
    private static let new = Delivery(state: .waiting(until: Sample.at(0)), attempts: 0)

    @Test func `the schedule is followed to its end`() {
        var delivery = Self.new
        for (index, wait) in Delivery.scheduleSeconds.dropFirst().enumerated() {
            (delivery, _) = delivery.reduce(.failed, at: Sample.at(0), chance: 0)
            #expect(delivery == Delivery(state: .waiting(until: Sample.at(wait)), attempts: index + 1))
        }
        (delivery, _) = delivery.reduce(.failed, at: Sample.at(9), chance: 0)
        #expect(delivery == Delivery(state: .dead(at: Sample.at(9)), attempts: 10))
    }

    @Test(arguments: [
        (200, true), (204, true), (299, true), (199, false), (300, false), (301, false), (400, false), (500, false),
        (0, false),
    ])
    func `only 2xx is success`(status: Int, isSuccess: Bool) {
        let (next, consequence) = Self.new.reduce(
            .answered(status: status, retryAfterSeconds: nil), at: Sample.at(1), chance: 0)
        #expect(next.state == (isSuccess ? .delivered(at: Sample.at(1)) : .waiting(until: Sample.at(6))))
        #expect(consequence == .none)
    }

    @Test func `410 ends it and switches the endpoint off`() {
        let (next, consequence) = Self.new.reduce(
            .answered(status: 410, retryAfterSeconds: 9), at: Sample.at(1), chance: 0)
        #expect(next.state == .dead(at: Sample.at(1)) && consequence == .disableEndpoint)
    }

    @Test(arguments: [(1, 5), (60, 60), (-5, 5), (0, 5), (.max, 86_400)] as [(Int64, Int64)])
    func `a receiver may ask for patience, within a day`(asked: Int64, waited: Int64) {
        let (next, _) = Self.new.reduce(
            .answered(status: 429, retryAfterSeconds: asked), at: Sample.at(0), chance: 0)
        #expect(next.state == .waiting(until: Sample.at(waited)))
    }

    @Test(arguments: [0, 1, 500, 501, .max] as [UInt64])
    func `chance only makes a wait longer, by a tenth at the most`(chance: UInt64) throws {
        let (next, _) = Self.new.reduce(.failed, at: Sample.at(0), chance: chance)
        guard case .waiting(let until) = next.state else { throw Refusal(.notAllowedInState, "not waiting") }
        #expect((Sample.at(5)...Sample.at(5).adding(milliseconds: 500)).contains(until))
    }
}
