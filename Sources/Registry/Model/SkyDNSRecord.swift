import Texts

/// A record of SkyDNS, which the etcd plugin of CoreDNS reads: one key for each name.
///
/// An instance is the name `<id>.<service>.<domain>` in small letters, as resolvers ask; its key has the
/// labels from the right, so that a question for `<service>.<domain>` finds all its instances:
/// `/skydns/local/cluster/web/web-1`. An IP address answers A or AAAA questions, any address SRV.
///
/// Source: CoreDNS, plugin `etcd`; SkyDNS, `msg.Service`.
public enum SkyDNSRecord {
    /// Where CoreDNS looks unless it is told otherwise (`path`).
    public static let path = "/skydns"

    /// The record of an instance. One of weight 0 has none: it wants no new traffic, and an address
    /// cannot say so.
    ///
    /// - Parameter domain: The zone that CoreDNS serves, without a dot at its end.
    /// - Returns: `nil` when its name is no DNS name: labels of 1 to 63 letters, digits, `-` or `_`,
    ///   253 bytes in all.
    public static func record(of instance: ServiceInstance, domain: String) -> CompanionRecord? {
        guard let key = key(of: instance.key, domain: domain) else { return nil }
        guard instance.weight > 0 else { return CompanionRecord(key: key, value: nil) }
        var json = JSONText()
        json.openObject()
        json.name("host")
        json.string(instance.address.text)
        json.name("port")
        json.number(instance.port)
        json.name("priority")
        json.number(10)
        json.name("weight")
        json.number(instance.weight)
        // At most so long does a resolver go on after we have left; CoreDNS may say less.
        json.name("ttl")
        json.number(30)
        json.closeObject()
        return CompanionRecord(key: key, value: json.bytes)
    }

    /// The key of an instance's record; `nil` as ``record(of:domain:)`` says.
    public static func key(of instance: ServiceKey, domain: String) -> String? {
        let name = "\(instance.instance).\(instance.service).\(domain)".lowercased()
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard name.utf8.count <= 253, labels.allSatisfy(isLabel) else { return nil }
        return "\(path)/\(labels.reversed().joined(separator: "/"))"
    }

    /// Whether a record lies below a name, so that a question for the name is answered with it.
    ///
    /// - Parameters:
    ///   - record: The record's key, as ``key(of:domain:)`` gives it.
    ///   - name: A name with its domain, such as `web.cluster.local`.
    public static func isBelow(_ record: String, name: String) -> Bool {
        let labels = name.lowercased().split(separator: ".")
        return record.utf8.starts(with: "\(path)/\(labels.reversed().joined(separator: "/"))/".utf8)
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count)
            && label.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
