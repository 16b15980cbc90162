import NIOCore

/// The threads on which NIO runs connections.
package enum EventLoops {
    /// Has one thread run all of them, where NIO would start one for each core: there is one connection to etcd, and
    /// what is served and probed beside it is little. To be called before there is a connection.
    package static func shareOne() {
        NIOSingletons.groupLoopCountSuggestion = 1
    }
}
