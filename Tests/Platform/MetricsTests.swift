import Platform
import Testing

@Suite("Metrics")
struct MetricsTests {
    @Test("The exposition is the Prometheus text format, to the byte")
    func exposition() {
        let metrics = Metrics()
        let payments = metrics.counter("payments_total", help: "Payments\nby \\ chain.", labels: ["chain", "state"])
        let depth = metrics.gauge("queue_depth", help: "Jobs that wait.")
        let wait = metrics.histogram("wait_seconds", help: "Waits.", labels: ["part"], buckets: [0.1, 1, 10])
        payments.add(2, "xmr", "paid")
        payments.add(1, "btc", "a\"b\\c\nd")
        payments.add(3, "xmr", "paid")
        depth.set(7)
        depth.add(-2.5)
        for value in [0.05, 0.1, 0.5, 11] { wait.observe(value, "db") }
        wait.observe(milliseconds: 2_000, "db")
        #expect(metrics.exposition() == #"""
            # HELP payments_total Payments\nby \\ chain.
            # TYPE payments_total counter
            payments_total{chain="btc",state="a\"b\\c\nd"} 1
            payments_total{chain="xmr",state="paid"} 5
            # HELP queue_depth Jobs that wait.
            # TYPE queue_depth gauge
            queue_depth 4.5
            # HELP wait_seconds Waits.
            # TYPE wait_seconds histogram
            wait_seconds_bucket{part="db",le="0.1"} 2
            wait_seconds_bucket{part="db",le="1"} 3
            wait_seconds_bucket{part="db",le="10"} 4
            wait_seconds_bucket{part="db",le="+Inf"} 5
            wait_seconds_sum{part="db"} 13.65
            wait_seconds_count{part="db"} 5

            """#)
    }

    @Test("A metric without labels is told as zero before anything happened; with labels it is not")
    func zero() {
        let metrics = Metrics()
        _ = metrics.counter("a_total", help: "A.")
        _ = metrics.counter("b_total", help: "B.", labels: ["x"])
        #expect(metrics.exposition().split(separator: "\n").filter { !$0.hasPrefix("#") } == ["a_total 0"])
    }

    @Test("The same name gives the same metric, from everywhere at once")
    func shared() async {
        let metrics = Metrics()
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<500 { metrics.counter("hits_total", help: "Hits.").add() }
                }
            }
        }
        #expect(metrics.exposition().contains("\nhits_total 4000\n"))
    }

    @Test("Numbers that are no decimals have their names", arguments: [
        (Double.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"), (1e300, "1e+300"), (-0.0, "0"), (0.1, "0.1"),
    ])
    func numbers(_ value: Double, _ text: String) {
        let metrics = Metrics()
        metrics.gauge("x", help: "").set(value)
        #expect(metrics.exposition().hasSuffix("\nx \(text)\n"))
    }

    @Test("Label values from outside cannot fill the memory")
    func cardinality() {
        let metrics = Metrics()
        let hits = metrics.counter("hits_total", help: "Hits.", labels: ["path"])
        for number in 0..<10_000 { hits.add(1, "path\(number)") }
        hits.add(1, "path0")
        let lines = metrics.exposition().split(separator: "\n")
        #expect(lines.count == 2 + 501)
        #expect(lines.contains("hits_total{path=\"other\"} 9500") && lines.contains("hits_total{path=\"path0\"} 2"))
    }
}
