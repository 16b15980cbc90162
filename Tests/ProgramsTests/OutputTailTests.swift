import Testing

@testable import Programs

@Suite struct OutputTailTests {
    @Test func theLastLineThatSaysSomethingIsShown() {
        var tail = OutputTail()
        #expect(tail.lastLine == nil)
        tail.append(Array("one\ntw".utf8))
        tail.append(Array("o\r\n  \n\n".utf8))
        #expect(tail.lastLine == "two")
        #expect(!tail.isOver)
    }

    @Test func aLongLineIsCutAndBadBytesAreShownAsSuch() {
        var tail = OutputTail()
        tail.append([0xff, 0xfe] + Array(repeating: UInt8(ascii: "x"), count: 3000))
        let line = tail.lastLine ?? ""
        #expect(line.utf8.count <= 203)
        #expect(line.hasPrefix("\u{fffd}\u{fffd}xxx"))
        #expect(line.hasSuffix("\u{2026}"))
    }

    @Test func moreThan64KiBAreTooMuch() {
        var tail = OutputTail()
        for _ in 0..<16 { tail.append(Array(repeating: UInt8(ascii: "x"), count: 4096)) }
        #expect(!tail.isOver)
        tail.append([UInt8(ascii: "x")])
        #expect(tail.isOver)
    }
}
