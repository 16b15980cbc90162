import EndpointFiles
import Registry
import Texts

// `[host]`, and what follows from its zone, which another file may say.
extension ConfigurationDraft {
    mutating func readHost(_ table: inout TomlTableReader) {
        table.read("zone", .word, into: &merged.host.zone)
        refuseOutputs(in: &table)
    }

    /// A service as it is registered: in the zone of the host, unless it says one.
    func inZone(_ service: Configuration.Service) -> Configuration.Service {
        var service = service
        service.zone = service.zone ?? merged.host.zone
        return service
    }

    /// An output with the zone of the host, where it prefers that.
    func preferringZone(_ declared: Declared<Configuration.Output>) -> Configuration.Output {
        var output = declared.value
        guard ownZonePreferences[declared.place] != nil else { return output }
        output.zones?.zones = [merged.host.zone].compactMap { $0 }
        return output
    }

    /// `prefer_zone = true` without a zone of this host.
    func zoneFaults() -> [ConfigurationFault] {
        guard merged.host.zone == nil else { return [] }
        return ownZonePreferences.map { table, place in
            ConfigurationFault(
                at: place,
                table: outputs.first { $0.place == table }?.name,
                "prefer_zone: true is the zone of this host, and there is none; give it with zone in [host], or "
                    + "name zones"
            )
        }
    }

    /// `prefer_zone` and `spill_below` of an output.
    ///
    /// - Parameter filter: Where the output has a filter of zones.
    /// - Returns: Where the zone of this host is preferred.
    func readZones(
        of output: inout Configuration.Output,
        beside filter: SourcePlace?,
        _ table: inout TomlTableReader
    ) -> SourcePlace? {
        let preferred = table.optional("prefer_zone", .preferredZones)
        let threshold = table.optional("spill_below", .spillThreshold)
        if let threshold, !table.holds("prefer_zone") {
            let sentence = "spill_below: goes with prefer_zone, and there is none"
            table.fault(at: threshold.place.position, sentence)
        }
        guard let preferred else { return nil }
        if filter != nil {
            table.fault(
                at: preferred.place.position,
                "prefer_zone: has no choice beside zone, which leaves the endpoints of one zone; leave one of the two "
                    + "out"
            )
        }
        output.zones = ZonePreference(zones: preferred.value.named)
        if let threshold { output.zones?.spillBelow = threshold.value }
        return preferred.value == .ofHost ? preferred.place : nil
    }
}

/// The value of `prefer_zone`.
enum PreferredZones: Equatable {
    /// The zone of this host.
    case ofHost
    /// These, in order.
    case listed([String])

    /// Those that it names.
    fileprivate var named: [String] {
        switch self {
        case .ofHost: []
        case .listed(let zones): zones
        }
    }
}

extension Expectation where Value == PreferredZones {
    /// `true`, or zones in order of preference.
    static var preferredZones: Expectation {
        let most = Configuration.Output.mostZones
        return Expectation(
            type: "true, for the zone of this host, or an array of",
            limits: "1 to \(most) zones in order of preference"
        ) { value in
            switch value {
            case .boolean(true): return .value(.ofHost)
            case .boolean(false):
                return .refused("must be true or an array of zones; leave it out to prefer none")
            case .array(let elements):
                var zones: [String] = []
                for element in elements {
                    guard case .string(let zone) = element.value else {
                        return .refused(
                            "must be an array of strings, one of them is \(element.found)"
                        )
                    }
                    if let why = RecordLimits.fault(inWord: zone) {
                        return .refused("the zone \(Quoted(zone)) \(why)")
                    }
                    guard !zones.contains(zone) else {
                        return .refused("names \(Quoted(zone)) twice")
                    }
                    zones.append(zone)
                }
                return (1...most).contains(zones.count) ? .value(.listed(zones)) : .beyondLimits
            default: return .wrongType
            }
        }
    }
}

extension Expectation where Value == SpillThreshold {
    /// A count, or a percentage of the even share.
    static var spillThreshold: Expectation {
        let (counts, shares) = (
            Configuration.Output.spillCounts, Configuration.Output.spillPercentages
        )
        return Expectation(
            type: "a number of endpoints or a percentage of the even share,",
            limits: "\(counts.lowerBound) to \(counts.upperBound) or \"\(shares.lowerBound)%\" to "
                + "\"\(shares.upperBound)%\""
        ) { value in
            switch value {
            case .integer(let number):
                guard let count = Int(exactly: number), counts.contains(count) else {
                    return .beyondLimits
                }
                return .value(.endpoints(count))
            case .string(let text):
                guard text.hasSuffix("%"), let percent = Int(text.dropLast()),
                    text.utf8.dropLast().allSatisfy({ (0x30...0x39).contains($0) })
                else { return .malformed }
                return shares.contains(percent)
                    ? .value(.evenShare(percent: percent)) : .beyondLimits
            default: return .wrongType
            }
        }
    }
}
