/// Decides when a server may send more on a stream (RFC 9113 §5.2): what a call holds unread is bounded by the
/// window and by one message that is not complete.
struct ReceiveWindow {
    /// In bytes, as in our SETTINGS_INITIAL_WINDOW_SIZE.
    let size: Int
    /// Bytes that came and were not given back to the server.
    private var used = 0
    /// Of those, the bytes of whole messages that nobody has read.
    private var held = 0

    init(size: Int) {
        self.size = size
    }

    /// Bytes came, padding included.
    mutating func received(_ bytes: Int) {
        used += bytes
    }

    /// Some of them are a whole message that waits for its reader.
    mutating func hold(_ bytes: Int) {
        held += bytes
    }

    /// The reader took a message.
    mutating func release(_ bytes: Int) {
        held -= bytes
    }

    /// How much the server may be given back now, in bytes; zero while that would be little.
    mutating func increment() -> Int {
        let free = used - held
        // Half a window at a time: a server is never idle for it, and frames are few.
        guard free > 0, free * 2 >= size else { return 0 }
        used -= free
        return free
    }
}
