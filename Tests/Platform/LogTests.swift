import JSON
import Platform
import Testing

@Suite("The log")
struct LogTests {
    struct Broken: Error, CustomStringConvertible {
        let description = "pipe \"x\"\nburst"
    }

    let lines = Lock<[String]>([])

    func log(_ minimum: Log.Level = .debug) -> Log {
        Log(minimum: minimum, clock: ManualClock(now: 1_735_689_599_999)) { [lines] line in
            lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
        }
    }

    @Test("A line is one JSON object with time, level, message and typed fields")
    func line() {
        let none: String? = nil
        log().info("block \("height", 840_000) of \("chain", "btc") \("ok", true) \("rate", 0.5) \("peer", none)")
        #expect(lines.withLock { $0 } == [
            #"{"time":"2024-12-31T23:59:59.999Z","level":"info","message":"block 840000 of btc true 0.5 null","#
                + #""height":840000,"chain":"btc","ok":true,"rate":0.5,"peer":null}"# + "\n",
        ])
    }

    @Test("Nothing that a value contains can start another line or field, and private values stay away")
    func hostile() throws {
        log().error("\("error", Broken()) from \("name", "a\",\"level\":\"debug\n{}") \(private: "email")")
        let text = try #require(lines.withLock { $0.first })
        #expect(text.filter { $0 == "\n" }.count == 1 && text.hasSuffix("}\n"))
        let line = try JSON.parse(text: text)
        #expect(line["level"]?.asString == "error" && line["email"]?.asString == "[redacted]")
        #expect(line["name"]?.asString == "a\",\"level\":\"debug\n{}")
        #expect(line["error"]?.asString == "Broken: pipe \"x\"\nburst")
    }

    @Test("Long texts are cut, numbers that JSON lacks become text, and no field comes twice")
    func bounds() throws {
        let log = log().with("chain", "outer").with("part", "watcher").with("chain", "inner")
        let long = String(repeating: "é", count: 5_000)
        log.info("\("long", long) \("nan", Double.nan) \("level", 1) \("a", 1) \("a", 2)")
        log.info("\("chain", "nearest")")
        let texts = lines.withLock { $0 }
        let first = try JSON.parse(text: texts[0]), second = try JSON.parse(text: texts[1])
        #expect(first["long"]?.asString?.utf8.count == 1_024 + 3 && first["nan"]?.asString == "nan")
        #expect(first["level"]?.asString == "info" && first["a"]?.asInt64 == 1)
        #expect(first["chain"]?.asString == "inner" && first["part"]?.asString == "watcher")
        #expect(second["chain"]?.asString == "nearest")
    }

    @Test("Lines below the level are not even put together", arguments: [
        (Log.Level.debug, 4), (.info, 3), (.warning, 2), (.error, 1),
    ])
    func levels(_ minimum: Log.Level, _ count: Int) {
        let log = log(minimum), built = Lock(0)
        func message() -> LogMessage {
            built.withLock { $0 += 1 }
            return "x"
        }
        log.debug(message())
        log.info(message())
        log.warning(message())
        log.error(message())
        #expect(lines.withLock { $0.count } == count && built.withLock { $0 } == count)
    }
}
