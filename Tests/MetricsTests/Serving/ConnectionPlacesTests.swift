import Testing

@testable import Metrics

@Suite struct ConnectionPlacesTests {
    @Test func whileThereIsRoomNobodyGoes() {
        var places = ConnectionPlaces(3)
        for number in 1...3 { #expect(places.arrived(number) == nil) }
        places.left(2)
        #expect(places.arrived(4) == nil)
    }

    @Test func theOldestGoesForTheNewest() {
        var places = ConnectionPlaces(3)
        for number in 1...3 { _ = places.arrived(number) }
        places.left(1)
        #expect(places.arrived(4) == nil)
        #expect(places.arrived(5) == 2)
        #expect(places.arrived(6) == 3)
        // It has gone already.
        places.left(3)
        #expect(places.asked(3) == nil)
        #expect(places.arrived(7) == 4)
    }

    @Test func thoseThatDoNotAskTakeNoPlaceOfThoseThatHave() {
        var places = ConnectionPlaces(2)
        _ = places.arrived(1)
        #expect(places.asked(1) == nil)
        for number in 2...100 { #expect(places.arrived(number) != 1) }
        #expect(places.asked(100) == nil)
        #expect(places.asked(99) == 1)
        places.left(100)
        _ = places.arrived(101)
        #expect(places.asked(101) == nil)
    }

    @Test func thereIsAlwaysOnePlace() {
        var places = ConnectionPlaces(0)
        #expect(places.arrived(1) == nil)
        #expect(places.arrived(2) == 1)
    }
}
