@testable import Registry

/// Values as they are found in etcd.
enum RecordSamples {
    /// A record of ours with all that it can have.
    static let full =
        #"{"Op":0,"Addr":"10.0.0.5:8080","discoveryd":{"schema":1,"service":"web","id":"web-1","#
        + #""owner":"0123456789abcdef0123456789abcdef","weight":100,"zone":"a","#
        + #""tags":["blue","green"],"meta":{"version":"1.2"},"state":"up"}}"#
    /// A record of ours with as little as there can be.
    static let plain =
        #"{"Op":0,"Addr":"10.0.0.6:8080","discoveryd":{"schema":1,"service":"web","id":"web-1","#
        + #""owner":"fedcba98","weight":7,"tags":[],"meta":{},"state":"draining"}}"#

    /// One of each kind.
    static let all = [
        full, plain,
        #"{"Op":0,"Addr":"[2001:db8::5]:80","discoveryd":{"schema":1,"owner":"fedcba98","#
            + #""weight":0,"zone":"a b","tags":["b","a","b"],"meta":{"k":"v","m":"{,}"},"new":1}}"#,
        #"{"Op":0,"Addr":"web.example.org:80","discoveryd":{"zone":"é","meta":{"\u0061":"\n"}}}"#,
        #"{"Op":0,"Addr":"10.0.0.1:80","Metadata":null}"#,
        #"{"Op":0,"Addr":"10.0.0.1:80","Metadata":"blue"}"#, #"{"Op":1,"Addr":"10.0.0.1:80"}"#,
        "10.0.0.5:8080", "[::1]:1",
    ]

    /// Such as are nearly of a usual shape, or nearly within the limits.
    static let edges = [
        full.replacing(
            #""meta":{"version""#,
            with: #""meta":{"version":"1.1","note":"x","version""#
        ),
        full.replacing(#""state""#, with: #""meta":{"version":"1.3"},"state""#),
        full.replacing(#""state""#, with: #""tags":["red"],"state""#),
        full.replacing(#""schema":1"#, with: #""schema":2"#),
        full.replacing(#""weight":100"#, with: #""weight":0100"#),
        full.replacing(#""weight":100"#, with: #""weight":65536"#),
        full.replacing("blue", with: String(repeating: "b", count: RecordLimits.wordBytes + 1)),
        full.replacing("1.2", with: String(repeating: "1", count: RecordLimits.metaValueBytes + 1)),
        full.replacing("0123456789abcdef0123456789abcdef", with: "no owner"),
    ]
}

extension RecordReader {
    /// What reading a value comes to, to be compared.
    mutating func outcome(_ value: [UInt8], key: ServiceKey) -> Result<Record, RecordFault> {
        do { return .success(try read(value, key: key)) } catch { return .failure(error) }
    }
}

extension RecordCodec {
    /// What decoding a value comes to, to be compared.
    static func outcome(_ value: [UInt8], key: ServiceKey) -> Result<Record, RecordFault> {
        do { return .success(try decode(value, key: key)) } catch { return .failure(error) }
    }
}
