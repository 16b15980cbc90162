import Etcd
import Registry

// `[etcd]`, `[lease]` and `[start]`: the tables of which there is one.
extension ConfigurationDraft {
    mutating func readEtcd(_ table: inout TableReader) {
        readEndpoints(&table)
        order =
            table.optional("order", Expectation<EtcdClient.EndpointOrder>.choice)?.value ?? order
        let prefix = table.optional("prefix", .prefix)
        self.prefix = prefix?.value ?? self.prefix
        let dialTimeout = table.optional(
            "dial_timeout",
            .duration(in: Configuration.Etcd.dialTimeouts, example: "5s")
        )
        self.dialTimeout = dialTimeout?.value ?? self.dialTimeout
        readSecurity(&table)
        refuseOutputs(in: &table)
    }

    /// One that can be read in two ways is left out while there are others: version 0.1.0 ran with it, so it
    /// refuses nothing else.
    private mutating func readEndpoints(_ table: inout TableReader) {
        guard let found = table.list("endpoints", of: .endpoint, called: "strings") else { return }
        guard !found.value.isEmpty else {
            table.fault(at: found.place.position, "endpoints: must name at least one endpoint")
            return
        }
        let clear = found.value.filter { $0.value.doubt == nil }
        endpoints = (clear.isEmpty ? found.value : clear).map {
            Located(value: $0.value.endpoint, place: $0.place)
        }
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

    private mutating func readSecurity(_ table: inout TableReader) {
        let printable = "1 to 256 printable characters"
        username = table.optional("username", .text(printable, read: Self.printable)) ?? username
        passwordFile = table.optional("password_file", .passwordPlace) ?? passwordFile
        caFile = table.optional("ca_file", .filePlace) ?? caFile
        certFile = table.optional("cert_file", .filePlace) ?? certFile
        keyFile = table.optional("key_file", .filePlace) ?? keyFile
        serverName = table.optional("server_name", .serverName) ?? serverName
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

    mutating func readLease(_ table: inout TableReader) {
        ttl =
            table.optional("ttl", .wholeSeconds(in: Configuration.Lease.ttls, example: "10s"))
            ?? ttl
        onStop =
            table.optional("on_stop", Expectation<Configuration.OnStop>.choice)?.value ?? onStop
        let drain = table.optional(
            "drain",
            .duration(in: Configuration.Lease.drains, example: "5s")
        )
        self.drain = drain?.value ?? self.drain
        refuseOutputs(in: &table)
    }

    mutating func readStart(_ table: inout TableReader) {
        let timeout = table.optional(
            "timeout",
            .duration(in: Configuration.Start.timeouts, example: "30s")
        )
        startTimeout = timeout?.value ?? startTimeout
        let away = table.optional(
            "when_etcd_is_away",
            Expectation<Configuration.WhenEtcdIsAway>.choice
        )
        whenEtcdIsAway = away?.value ?? whenEtcdIsAway
        refuseOutputs(in: &table)
    }

    /// What is written below a table's header belongs to the table: a trap for the one key that
    /// belongs to none.
    func refuseOutputs(in table: inout TableReader) {
        table.refuse(
            "outputs",
            because: "must stand at the top of the file, before the first table"
        )
    }
}
