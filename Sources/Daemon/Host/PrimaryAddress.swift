import Registry
package import Texts

/// The address that others reach this host at, as far as the host itself can tell: where its packets to the
/// world come from.
package enum PrimaryAddress {
    /// What is said of a service that waits for one.
    package static let missing =
        "waits for an address: no default route gives this host one; set address, or wait for the network"

    /// Asks the kernel's routing table; nothing is sent.
    ///
    /// - Returns: `nil` when there is no default route, or none with an address that means something to other
    ///   hosts.
    package static func current() -> HostAddress? {
        RawAddress.Family.allCases.lazy.compactMap { current($0) }.first
    }

    private static func current(_ family: RawAddress.Family) -> HostAddress? {
        let routes = RoutingSocket.list(
            NetlinkMessage.Kind.getRoutes,
            DefaultRoute.question(family)
        ) { DefaultRoute($0) }
        let addresses = RoutingSocket.list(
            NetlinkMessage.Kind.getAddresses,
            InterfaceAddress.question(family)
        ) { InterfaceAddress($0) }
        guard let routes, let addresses else { return nil }
        return choice(of: family, routes, addresses) { gateway, interface in
            RoutingSocket.answer(
                NetlinkMessage.Kind.getRoutes,
                DefaultRoute.question(to: gateway, over: interface)
            ).flatMap(DefaultRoute.source)
        }
    }

    /// Of the default route of least metric: its preferred source, else the source towards its gateway, else
    /// the first global address of its interface. Never one that is tentative, deprecated or temporary.
    ///
    /// - Parameter sourceTowards: What the kernel would send from to a gateway, over an interface.
    static func choice(
        of family: RawAddress.Family,
        _ routes: [DefaultRoute],
        _ addresses: [InterfaceAddress],
        sourceTowards: (_ gateway: RawAddress, _ interface: UInt32) -> RawAddress?
    ) -> HostAddress? {
        let routes = routes.filter { $0.family == family }
        guard let least = routes.map(\.metric).min() else { return nil }
        /// What is no address of an interface is the kernel's own business, as with a whole net that is local.
        func fit(_ address: RawAddress?) -> HostAddress? {
            guard let address, address.family == family else { return nil }
            let known = addresses.filter { $0.address == address }
            guard known.isEmpty || known.contains(where: \.isLasting) else { return nil }
            return usable(address.text)
        }
        for route in routes where route.metric == least {
            if let address = fit(route.preferredSource) { return address }
            if let gateway = route.gateway,
                let address = fit(sourceTowards(gateway, route.interface))
            {
                return address
            }
            let own = addresses.lazy.filter {
                $0.interface == route.interface && $0.isGlobal && $0.isLasting
            }
            if let address = own.compactMap({ fit($0.address) }).first { return address }
        }
        return nil
    }

    /// The address, unless it means something on this host or link only.
    static func usable(_ text: String) -> HostAddress? {
        // A link-local address comes with its zone and so is refused by HostAddress already.
        guard let address = HostAddress(text), address.family != .name, !address.isLoopback,
            !address.text.hasPrefix("169.254."), !address.text.hasPrefix("fe80:"),
            address.text != "0.0.0.0", address.text != "::"
        else { return nil }
        return address
    }
}
