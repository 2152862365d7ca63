import TestKit
import Testing

@testable import soak

@Suite("A soak")
struct SoakTests {
    @Test("goes on where it was ended, does no batch twice, and leaves none out")
    func resumed() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("progress")
        let goals: [Work: Int] = [.kills: 4_000, .images: 2_500, .payments: 900]
        let all = goals.reduce(into: [:]) { $0[$1.key] = $1.key.batches(for: $1.value) }
        var done: [Work: [Int]] = [:]
        var runs = 0
        while true {
            var progress = try Progress.read(path) ?? Progress(seed: 7)
            runs += 1
            // Of three that are taken the second is lost with the process.
            var taken: [(work: Work, batch: Int)] = []
            while taken.count < 3, let next = progress.take(of: goals) { taken.append(next) }
            if taken.isEmpty { break }
            for (place, next) in taken.enumerated() where place != 1 || taken.count < 3 {
                done[next.work, default: []].append(next.batch)
                var yield = Work.Yield(counts: [next.work.unit: 1, "reorgs deeper than 6": 2])
                if next.batch == 1 { yield.findings = ["one\nof two lines"] }
                progress.add(yield, of: next.work, next.batch, milliseconds: 5)
            }
            try progress.write(to: path)
        }
        for (work, batches) in done { #expect(batches.sorted() == Array(0..<all[work, default: 0])) }
        #expect(runs > 4)
        let last = try #require(try Progress.read(path))
        #expect(last.seed == 7 && last.findings.count == 3)
        #expect(last.parts[.payments]?.counts == ["payments": 3, "reorgs deeper than 6": 6])
        #expect(last.parts[.images]?.milliseconds == 25)
        #expect(last.report().last == "findings: 3")
    }

    @Test("gives each of its works the same time, as long as there is something of it to do")
    func shares() {
        var progress = Progress(seed: 1)
        var counts: [Work: Int] = [:]
        while let next = progress.take(of: [.kills: 8_000, .images: 100_000, .payments: 30_000]) {
            counts[next.work, default: 0] += 1
            if counts[.kills] == 10 { break }
            progress.add(Work.Yield(), of: next.work, next.batch, milliseconds: next.work == .kills ? 400 : 100)
        }
        for work in [Work.images, .payments] { #expect((34...40).contains(counts[work, default: 0])) }
    }

    @Test("keeps numbers short, whatever the order they come in")
    func numbers() throws {
        var numbers = Numbers()
        for number in [5, 0, 2, 1, 9, 8, 5, 7] { numbers.insert(number) }
        #expect(numbers.description == "0-2,5,7-9")
        #expect(numbers.firstAbsent == 3 && numbers.count == 7)
        for number in [6, 3, 4] { numbers.insert(number) }
        #expect(numbers.description == "0-9" && numbers.firstAbsent == 10)
        #expect(Numbers(parsing: "0-2,5,7-9")?.count == 7)
        for wrong in ["3-1", "a", "5,4", "1-2-3"] { #expect(Numbers(parsing: wrong) == nil) }
    }

    @Test("takes what its help says, and nothing else")
    func options() throws {
        #expect(Options([])?.goals.count == 3)
        let some = try #require(Options(["payments", "--payments", "900", "--seed", "7", "--folder", "/x"]))
        #expect(some.goals == [.payments: 900] && some.seed == 7 && some.place == "/x")
        for wrong in [["rest"], ["--payments"], ["--payments", "-1"], ["--jobs", "0"], ["--seed", "x"]] {
            #expect(Options(wrong) == nil)
        }
    }
}
