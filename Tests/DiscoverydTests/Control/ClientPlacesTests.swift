import Glibc
import Registry
import Testing

@testable import discoveryd

@Suite struct ClientPlacesTests {
    @Test(arguments: ClientPlaces.Purpose.allCases)
    func placesAreTakenAndGivenBack(purpose: ClientPlaces.Purpose) {
        var places = ClientPlaces()
        #expect(takeAll(purpose, for: 0, of: &places) == purpose.places)
        places.give(purpose, of: 0)
        #expect(takeAll(purpose, for: 0, of: &places) == 1)
        // What nobody has taken is not given back.
        places.give(purpose, of: 7)
        #expect(takeAll(purpose, for: 0, of: &places) == 0)
    }

    @Test(arguments: ClientPlaces.Purpose.allCases)
    func allOthersTogetherLeavePlacesForRoot(purpose: ClientPlaces.Purpose) {
        var places = ClientPlaces()
        for user in uid_t(1)...100 { _ = takeAll(purpose, for: user, of: &places) }
        #expect(takeAll(purpose, for: 0, of: &places) == purpose.places - purpose.placesOfOthers)
        #expect(purpose.placesOfOthers < purpose.places)
    }

    @Test(arguments: ClientPlaces.Purpose.allCases)
    func oneUserLeavesPlacesForTheOthers(purpose: ClientPlaces.Purpose) {
        var places = ClientPlaces()
        #expect(takeAll(purpose, for: 1000, of: &places) == purpose.placesOfOne)
        #expect(takeAll(purpose, for: 1001, of: &places) > 0)
        // Whom the kernel does not name is a user as well.
        places.give(purpose, of: 1001)
        #expect(takeAll(purpose, for: .max, of: &places) > 0)
    }

    @Test func whatOneKindTakesIsNotTakenFromAnother() {
        var places = ClientPlaces()
        for user in uid_t(0)...9 { _ = takeAll(.waiting, for: user, of: &places) }
        for purpose in ClientPlaces.Purpose.allCases where purpose != .waiting {
            #expect(takeAll(purpose, for: 1000, of: &places) > 0)
            #expect(takeAll(purpose, for: 0, of: &places) > 0)
        }
        #expect(takeAll(.waiting, for: 0, of: &places) == 0)
    }

    @Test func aRequestTakesAPlaceOfItsKind() {
        #expect(ClientPlaces.Purpose(of: .status) == .status)
        #expect(ClientPlaces.Purpose(of: .wait(nil, atLeast: 0, within: .zero)) == .waiting)
        for request in [ControlRequest.reload, .undrain(nil), .drain(nil, for: nil)] {
            #expect(ClientPlaces.Purpose(of: request) == .change)
        }
    }

    /// How many places a user gets.
    private func takeAll(
        _ purpose: ClientPlaces.Purpose,
        for user: uid_t,
        of places: inout ClientPlaces
    ) -> Int {
        var count = 0
        while places.take(purpose, for: user) { count += 1 }
        return count
    }
}
