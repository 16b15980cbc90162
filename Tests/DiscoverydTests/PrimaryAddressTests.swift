import Registry
import Testing

@testable import discoveryd

@Suite struct PrimaryAddressTests {
    @Test(arguments: [
        "127.0.0.1", "::1", "169.254.1.2", "fe80::1", "fe80::1%eth0", "0.0.0.0", "::", "host",
    ])
    func whatMeansNothingToOtherHostsIsNotTaken(text: String) {
        #expect(PrimaryAddress.usable(text) == nil)
    }

    @Test(arguments: ["10.0.0.5", "2001:db8::5"])
    func whatOthersCanReachIsTaken(text: String) {
        #expect(PrimaryAddress.usable(text)?.text == text)
    }

    @Test func thisHostsAddressIfThereIsOneIsUsable() {
        guard let address = PrimaryAddress.current() else { return }
        #expect(PrimaryAddress.usable(address.text) == address)
    }
}
