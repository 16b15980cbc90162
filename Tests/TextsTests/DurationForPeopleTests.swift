import Testing
import Texts

@Suite struct DurationForPeopleTests {
    @Test(arguments: [
        (Duration.seconds(0.17450656748830765), "174 ms"), (.zero, "0 ms"), (.seconds(1), "1 s"),
        (.seconds(1.26), "1.2 s"), (.milliseconds(9_999), "9.9 s"), (.seconds(30), "30 s"),
        (.seconds(119.9), "119 s"), (.seconds(300), "5 min"), (.seconds(86_400), "24 h"),
        (.seconds(-3), "-3 s"), (.seconds(Int64.max), "2562047788015215 h"),
    ])
    func itHasOneUnitAndFewDigits(duration: Duration, text: String) {
        #expect(duration.text == text)
    }
}
