import FoundationEssentials
import Registry

/// A drain as one run leaves it for the next.
struct SavedDrain: Hashable, Sendable {
    /// The service; `nil` for the whole host.
    let service: ServiceName?
    /// Since when, and when it ends by itself, by the wall clock.
    let since: Date
    let until: Date?

    /// Reads what ``bytes(of:)`` wrote; `nil` for anything else.
    static func read(_ bytes: [UInt8]) -> [SavedDrain]? {
        guard let wire = try? JSONDecoder().decode(Wire.self, from: Data(bytes)) else { return nil }
        var drains: [SavedDrain] = []
        for one in wire.drains {
            var service: ServiceName?
            if let text = one.service {
                guard let name = ServiceName(declared: text) else { return nil }
                service = name
            }
            drains.append(
                SavedDrain(
                    service: service,
                    since: Date(timeIntervalSince1970: one.since),
                    until: one.until.map { Date(timeIntervalSince1970: $0) }
                )
            )
        }
        return drains
    }

    /// One JSON object and a newline.
    static func bytes(of drains: [SavedDrain]) -> [UInt8] {
        let wire = Wire(
            drains: drains.map { drain in
                Wire.Drain(
                    service: drain.service?.text,
                    since: drain.since.timeIntervalSince1970,
                    until: drain.until?.timeIntervalSince1970
                )
            }
        )
        // Words and finite numbers cannot fail to be encoded.
        return ((try? JSONEncoder().encode(wire)).map { [UInt8]($0) } ?? []) + [0x0a]
    }

    private struct Wire: Codable {
        struct Drain: Codable {
            var service: String?
            /// Seconds since 1970.
            var since: Double
            var until: Double?
        }

        var drains: [Drain]
    }
}
