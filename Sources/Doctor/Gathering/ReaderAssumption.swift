import Configuration
import EndpointFiles
import Systemd

/// Takes a user for the reader of an output: that of the unit that is reloaded, or the usual one of the format.
struct ReaderAssumption {
    /// The units that were asked for, by name.
    let units: [String: UnitProperties]

    /// The unit that usually reads a format; `nil` where there is none.
    static func usualUnit(of format: FormatSetting) -> String? {
        switch format {
        case .haproxy: "haproxy.service"
        case .nginx: "nginx.service"
        case .prometheus: "prometheus.service"
        case .envoy: "envoy.service"
        case .hosts: "dnsmasq.service"
        case .json, .env, .lines, .command, .template: nil
        }
    }

    /// The reader of an output.
    ///
    /// - Parameter look: Looks a user up.
    /// - Returns: `nil` where nothing says who it is.
    func reader(
        of output: Configuration.Output,
        _ look: (ServiceSettings) -> UserFacts?
    ) -> AssumedReader? {
        var name = Self.usualUnit(of: output.format)
        if case .unit(let unit)? = output.reload?.kind { name = unit }
        guard let name, let properties = units[name], properties["LoadState"] == "loaded" else {
            return nil
        }
        var settings = ServiceSettings()
        settings.user = properties["User"]
        settings.group = properties["Group"]
        settings.supplementaryGroups = properties.list("SupplementaryGroups")
        var reason = "User= of \(name)"
        if settings.user.isEmpty {
            // dnsmasq reads hosts files after it has given root up.
            settings.user = name == "dnsmasq.service" ? "dnsmasq" : "root"
            reason = name == "dnsmasq.service" ? "as dnsmasq runs" : "\(name) starts as root"
        }
        if properties.isYes("DynamicUser") { return nil }
        return AssumedReader(look(settings), name: settings.user, reason: reason)
    }
}
