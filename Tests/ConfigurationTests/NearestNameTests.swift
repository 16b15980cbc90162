import Testing

@testable import Configuration

@Suite struct NearestNameTests {
    private let allowed = ["name", "port", "address", "id", "weight", "zone", "tags", "meta"]

    @Test(arguments: [
        ("prot", "port"), ("ports", "port"), ("Port", "port"), ("adress", "address"),
        ("wieght", "weight"), ("NAME", "name"), ("tag", "tags"), ("addr", nil), ("hostname", nil),
        ("colour", nil), ("", nil), ("url", nil),
    ])
    func slipsOfTheHandAreForgivenAndOtherWordsAreNot(typed: String, meant: String?) {
        #expect(NearestName.to(typed, among: allowed) == meant)
    }

    @Test func theNearestOfSeveralIsMeant() {
        #expect(NearestName.to("serviced", among: ["services", "service"]) == "services")
        #expect(NearestName.to("outputs", among: ["output", "outputs"]) == "outputs")
    }

    @Test func aHostileNameIsNearToNothing() {
        #expect(NearestName.to(String(repeating: "a", count: 1 << 20), among: allowed) == nil)
    }
}
