package import Domain
import Storage

/// Which part of a list is asked for, newest first.
package struct ListRequest: Hashable, Sendable {
    package let limit: Int
    /// Only what is older than this identity.
    package let after: String?
    /// Only what is newer than this identity; the part nearest to it.
    package let before: String?

    package init(limit: Int, after: String? = nil, before: String? = nil) {
        self.limit = limit
        self.after = after
        self.before = before
    }

    var page: PageRequest { PageRequest(limit: limit, after: after, before: before) }
}

/// One part of a list, and whether there is more behind it.
package struct ListPart<Item: Sendable>: Sendable {
    package let items: [Item]
    package let hasMore: Bool
    /// What to ask for as `after`, or as `before`, for the part behind this one; of lists that are asked for
    /// so.
    package let edge: String?

    package init(items: [Item], hasMore: Bool, edge: String? = nil) {
        self.items = items
        self.hasMore = hasMore
        self.edge = edge
    }

    init(_ page: Page<Item>) { self.init(items: page.items, hasMore: page.hasMore, edge: page.edge) }
}

/// What a list of payments is narrowed to; nil means whatever it is.
package struct PaymentQuery: Hashable, Sendable {
    package var state: State?
    package var orderID: String?
    package var customer: String?
    /// An address of any network here.
    package var address: String?
    package var transaction: String?
    /// With an open exception of that kind.
    package var exception: Exception.Kind?
    package var hasOpenException: Bool?
    package var isFulfillable: Bool?
    /// Its fulfilment was reported complete.
    package var isFulfilled: Bool?
    package var createdFrom: Instant?
    package var createdBefore: Instant?

    package init() {}

    var filter: PaymentFilter {
        var filter = PaymentFilter()
        filter.state = state
        filter.orderID = orderID
        filter.customer = customer
        filter.transaction = transaction
        filter.exception = exception
        filter.hasOpenException = hasOpenException
        filter.isFulfillable = isFulfillable
        filter.isFulfilled = isFulfilled
        filter.createdFrom = createdFrom
        filter.createdBefore = createdBefore
        return filter
    }
}
