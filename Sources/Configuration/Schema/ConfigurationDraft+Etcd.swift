import Etcd
import Registry

// `[etcd]`, `[lease]` and `[start]`: the tables of which there is one.
extension ConfigurationDraft {
    mutating func readEtcd(_ table: inout TomlTableReader) {
        readEndpoints(&table)
        table.read("order", .choice, into: &merged.etcd.order)
        table.read("prefix", .prefix, into: &merged.etcd.prefix)
        table.read("dial_timeout", .dialTimeout, into: &merged.etcd.dialTimeout)
        readSecurity(&table)
        refuseOutputs(in: &table)
    }

    /// One that can be read in two ways is left out while there are others: version 0.1.0 ran with it, so it
    /// refuses nothing else.
    private mutating func readEndpoints(_ table: inout TomlTableReader) {
        guard let found = table.list("endpoints", of: .endpoint, called: "strings") else { return }
        guard !found.value.isEmpty else {
            table.fault(at: found.place.position, "endpoints: must name at least one endpoint")
            return
        }
        let clear = found.value.filter { $0.value.doubt == nil }
        let endpoints = (clear.isEmpty ? found.value : clear).map {
            Located(value: $0.value.endpoint, place: $0.place)
        }
        self.endpoints = endpoints
        merged.etcd.endpoints = endpoints.map(\.value)
        endpointDoubts = found.value.compactMap { read in
            read.value.doubt.map { doubt in
                let outcome =
                    clear.isEmpty
                    ? "until then it is taken for \(read.value.endpoint)"
                    : "until then it is ignored"
                return Located(value: "endpoints: \(doubt); \(outcome)", place: read.place)
            }
        }
    }

    private mutating func readSecurity(_ table: inout TomlTableReader) {
        let printable = "1 to 256 printable characters"
        username =
            table.read(
                "username",
                .text(printable, read: Self.printable),
                into: &merged.etcd.username
            )
            ?? username
        passwordFile =
            table.read("password_file", .passwordPlace, into: &merged.etcd.passwordFile)
            ?? passwordFile
        caFile = table.read("ca_file", .filePlace, into: &merged.etcd.caFile) ?? caFile
        certFile = table.read("cert_file", .filePlace, into: &merged.etcd.certFile) ?? certFile
        keyFile = table.read("key_file", .filePlace, into: &merged.etcd.keyFile) ?? keyFile
        serverName =
            table.read("server_name", .serverName, into: &merged.etcd.serverName) ?? serverName
        table.refuse(
            "password",
            because:
                "must not stand here; put it into a file that only discoveryd can read and name "
                + "that with password_file"
        )
    }

    private static func printable(_ text: String) -> String? {
        let isPrintable = !text.unicodeScalars.contains {
            $0.properties.generalCategory == .control
        }
        return isPrintable && (1...256).contains(text.count) ? text : nil
    }

    mutating func readLease(_ table: inout TomlTableReader) {
        ttl = table.read("ttl", .ttl, into: &merged.lease.ttl) ?? ttl
        table.read("on_stop", .choice, into: &merged.lease.onStop)
        table.read("drain", .drain, into: &merged.lease.drain)
        refuseOutputs(in: &table)
    }

    mutating func readStart(_ table: inout TomlTableReader) {
        table.read("timeout", .startTimeout, into: &merged.start.timeout)
        table.read("when_etcd_is_away", .choice, into: &merged.start.whenEtcdIsAway)
        refuseOutputs(in: &table)
    }

    /// What is written below a table's header belongs to the table: a trap for the one key that
    /// belongs to none.
    func refuseOutputs(in table: inout TomlTableReader) {
        table.refuse(
            "outputs",
            because: "must stand at the top of the file, before the first table"
        )
    }
}

// What a duration of these tables may be; the sentence that refuses one names the default.
extension Expectation where Value == Duration {
    fileprivate static var dialTimeout: Expectation {
        .duration(in: Configuration.Etcd.dialTimeouts, example: Configuration.Etcd().dialTimeout)
    }

    fileprivate static var ttl: Expectation {
        .wholeSeconds(in: Configuration.Lease.ttls, example: Configuration.Lease().ttl)
    }

    fileprivate static var drain: Expectation {
        .duration(in: Configuration.Lease.drains, example: .seconds(5))
    }

    fileprivate static var startTimeout: Expectation {
        .duration(in: Configuration.Start.timeouts, example: Configuration.Start().timeout)
    }
}
