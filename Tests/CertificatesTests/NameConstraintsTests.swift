import Testing

@testable import Certificates

@Suite struct NameConstraintsTests {
    private static let ten: [UInt8] = [10, 0, 0, 1]
    private static let net = GeneralName.address([10, 0, 0, 0, 255, 0, 0, 0])

    @Test(arguments: [
        ("example.org", "example.org", true), ("etcd.example.org", "example.org", true),
        ("etcd.EXAMPLE.org.", "Example.org", true), ("myexample.org", "example.org", false),
        ("example.com", "example.org", false), ("etcd.example.org", ".example.org", true),
        ("example.org", ".example.org", false), ("anything", "", true),
        ("*.example.org", "example.org", true),
    ])
    func aHostIsInADomainOrNot(host: String, domain: String, isIn: Bool) {
        let permitting = constraints(permitted: [.dns(domain)])
        let name = GeneralName.dns(host)
        #expect(permitting.verdict(on: [name]) == (isIn ? .allowed : .forbidden(name)))
        let excluding = constraints(excluded: [.dns(domain)])
        #expect(excluding.verdict(on: [name]) == (isIn ? .forbidden(name) : .allowed))
    }

    @Test func aWildcardThatMayStandForAnExcludedHostIsForbidden() {
        let excluding = constraints(excluded: [.dns("secret.example.org")])
        let wildcard = GeneralName.dns("*.example.org")
        #expect(excluding.verdict(on: [wildcard]) == .forbidden(wildcard))
        #expect(excluding.verdict(on: [.dns("*.example.com")]) == .allowed)
    }

    @Test func limitsOfOneKindSayNothingOfAnother() {
        #expect(constraints(permitted: [Self.net]).verdict(on: [.dns("etcd")]) == .allowed)
        let names = [GeneralName.address(Self.ten)]
        #expect(constraints(permitted: [.dns("example.org")]).verdict(on: names) == .allowed)
    }

    @Test func limitsOfAddressesCannotBeChecked() {
        let name = GeneralName.address(Self.ten)
        #expect(constraints(permitted: [Self.net]).verdict(on: [name]) == .unchecked(name))
        #expect(constraints(excluded: [Self.net]).verdict(on: [name]) == .unchecked(name))
    }

    @Test func limitsOfKindsThatAreNotReadAreUnknown() {
        #expect(constraints(permitted: [.other(4)]).verdict(on: [.dns("etcd")]) == .unknown)
    }

    private func constraints(
        permitted: [GeneralName] = [],
        excluded: [GeneralName] = []
    ) -> NameConstraints {
        NameConstraints(permitted: permitted, excluded: excluded)
    }
}
