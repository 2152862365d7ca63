internal import HTTP
package import JSON

/// The envelope of JSON-RPC as nodes of all kinds speak it over HTTP: what is asked, and what comes back. It
/// is read strictly: the id of each result, one result for each call, and nothing after it.
package enum JSONRPC {
    /// One call: a method and its positional parameters.
    package struct Call: Sendable {
        let method: String
        let parameters: [JSON]

        package init(_ method: String, _ parameters: [JSON]) {
            (self.method, self.parameters) = (method, parameters)
        }

        init(_ method: String, _ parameters: JSON...) { self.init(method, parameters) }
    }

    /// Which of its two forms a node reads.
    enum Version: String, Sendable {
        /// Bitcoin's nodes.
        case first = "1.0"
        case second = "2.0"
    }

    /// A request of one call. `id` comes back with its result.
    static func body(_ call: Call, id: Int, _ version: Version) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("jsonrpc", version.rawValue)
            writer.member("id", id)
            writer.member("method", call.method)
            writer.array("params") { writer in
                for parameter in call.parameters { writer.element(parameter) }
            }
        }
        return writer.bytes
    }

    /// A request of several calls, whose ids are their places.
    static func body(_ calls: [Call], _ version: Version) -> [UInt8] {
        var body: [UInt8] = [UInt8(ascii: "[")]
        for (id, call) in calls.enumerated() {
            if id > 0 { body.append(UInt8(ascii: ",")) }
            body += Self.body(call, id: id, version)
        }
        body.append(UInt8(ascii: "]"))
        return body
    }

    /// What came back of one request.
    struct Answer: Sendable {
        let status: Status
        var body: [UInt8]

        /// The result of a request of one call, in at most `limit` bytes.
        func result(id: Int, upTo limit: Int) throws(NodeFailure) -> JSON {
            try result(of: try document(upTo: limit), id: id)
        }

        /// The results of a request of `count` calls, in their order; some may fail alone.
        func results(count: Int, upTo limit: Int) throws(NodeFailure) -> [Result<JSON, NodeFailure>] {
            let document = try document(upTo: limit)
            guard let elements = document.asArray else {
                _ = try result(of: document, id: nil)
                throw .malformed("no list where several results belong")
            }
            guard elements.count == count else { throw .malformed("another number of results than calls") }
            var results = [Result<JSON, NodeFailure>?](repeating: nil, count: count)
            for element in elements {
                guard let id = element["id"]?.asUInt64.flatMap(Int.init(exactly:)), id < count,
                    results[id] == nil
                else { throw .malformed("a result that was not asked for") }
                do throws(NodeFailure) {
                    results[id] = .success(try result(of: element, id: id))
                } catch {
                    guard case .refused = error else { throw error }
                    results[id] = .failure(error)
                }
            }
            return results.compactMap { $0 }
        }

        private func document(upTo limit: Int) throws(NodeFailure) -> JSON {
            let limits = JSONLimits(bytes: limit, depth: JSONLimits.standard.depth)
            do throws(JSONError) {
                return try JSON.parse(body, limits: limits)
            } catch {
                throw .malformed("no JSON (\(error))")
            }
        }

        /// The result of an envelope; its id must be `id`, unless that is nil.
        private func result(of envelope: JSON, id: Int?) throws(NodeFailure) -> JSON {
            if let failure = NodeFailure(error: envelope["error"]) { throw failure }
            guard let result = envelope["result"], status.code == 200 else {
                throw .malformed("no result (HTTP \(status.code))")
            }
            if let id, envelope["id"]?.asUInt64 != UInt64(id) {
                throw .malformed("the result of another call")
            }
            return result
        }
    }
}
