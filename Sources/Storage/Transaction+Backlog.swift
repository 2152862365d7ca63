import Database
package import Domain

/// What waits for people now, over all merchants.
package struct Backlog: Hashable, Sendable {
    /// Open exceptions by what they ask and by mode; those that there are none of are 0.
    package private(set) var openExceptions: [Question: Int] = [:]
    /// Deliveries that were given up, by mode.
    package private(set) var deadDeliveries: [Bool: Int] = [true: 0, false: 0]
    /// When a merchant pushed a rate last, by mode; without those that nobody ever pushed for.
    package private(set) var newestRates: [Bool: Instant] = [:]

    /// One kind of open exception in one mode.
    package struct Question: Hashable, Sendable {
        package let kind: Exception.Kind
        package let isTest: Bool
    }

    /// - Parameter most: so many of each are counted, or looked through, at the most.
    init(_ connection: any Connection, most: Int) throws {
        for isTest in [false, true] {
            for kind in Exception.Kind.allCases {
                let count = try connection.first(
                    """
                    SELECT count(*) FROM (SELECT id FROM exception WHERE is_open = 1
                        AND kind = \(kind.rawValue) AND is_test = \(isTest) LIMIT \(most)) AS waiting
                    """)
                openExceptions[Question(kind: kind, isTest: isTest)] = Int(try count?.integer(0) ?? 0)
            }
            let newest = try connection.first(
                """
                SELECT at FROM rate WHERE merchant <> '' AND is_test = \(isTest) ORDER BY at DESC LIMIT 1
                """)
            newestRates[isTest] = try newest?.instant(0)
            // Of a deleted endpoint there is nobody left to ask for them. CROSS: of each endpoint those that
            // are dead are found on their index, and no row of the other mode is gone over.
            let dead = try connection.first(
                """
                SELECT count(*) FROM (SELECT e.id FROM endpoint e CROSS JOIN delivery d
                    WHERE e.is_test = \(isTest) AND d.endpoint = e.id AND d.state = 'dead'
                    LIMIT \(most)) AS dead
                """)
            deadDeliveries[isTest] = Int(try dead?.integer(0) ?? 0)
        }
    }
}

extension Transaction {
    /// What waits for people now. Whatever there is, it goes over a bounded number of rows of indexes, and
    /// over the endpoints once.
    package func backlog() throws -> Backlog { try Backlog(connection, most: Limits.countedBacklog) }
}
