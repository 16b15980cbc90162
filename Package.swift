// swift-tools-version: 6.2

import PackageDescription

/// What every target of ours is compiled with.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "discoveryd",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "discoveryd", targets: ["discoveryd"]),
        .library(name: "Etcd", targets: ["Etcd"]),
        .library(name: "Registry", targets: ["Registry"]),
    ],
    dependencies: [
        .package(url: "https://github.com/grpc/grpc-swift-2", exact: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport", exact: "2.9.2"),
        .package(url: "https://github.com/grpc/grpc-swift-protobuf", exact: "2.4.1"),
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0", traits: []),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", exact: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-async-algorithms", exact: "1.1.4"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2", traits: []),
    ],
    targets: [
        // C shims: no systemd, no C++, no allocator's and no signals' header reaches Swift.
        .target(name: "CSystemd", linkerSettings: [.linkedLibrary("systemd")]),
        .target(name: "CToml"),
        .target(name: "CAllocator"),
        .target(name: "CSignals"),

        // The nouns.
        .target(name: "Registry", swiftSettings: strict),
        .target(
            name: "Certificates",
            dependencies: [.product(name: "NIOSSL", package: "swift-nio-ssl")],
            swiftSettings: strict
        ),

        // The rooms. They never import one another.
        .target(
            name: "EtcdAPI",
            dependencies: [
                .product(name: "GRPCCore", package: "grpc-swift-2"),
                .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            exclude: ["etcd.proto"],
            swiftSettings: strict
        ),
        .target(
            name: "Etcd",
            dependencies: [
                "Certificates",
                "EtcdAPI",
                "Registry",
                .product(name: "AsyncAlgorithms", package: "swift-async-algorithms"),
                .product(name: "GRPCCore", package: "grpc-swift-2"),
                .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
                .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            swiftSettings: strict
        ),
        .target(name: "EndpointFiles", dependencies: ["Registry"], swiftSettings: strict),
        .target(
            name: "HealthChecks",
            dependencies: [
                "Certificates",
                "Registry",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: strict
        ),
        .target(name: "Metrics", swiftSettings: strict),
        .target(
            name: "LocalServer",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Systemd",
            dependencies: ["CSystemd", .product(name: "Logging", package: "swift-log")],
            swiftSettings: strict
        ),

        // The program: the only place that knows everybody.
        .executableTarget(
            name: "discoveryd",
            dependencies: [
                "CAllocator", "CSignals", "CToml", "EndpointFiles", "Etcd", "HealthChecks",
                "LocalServer", "Metrics",
                "Registry", "Systemd",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict
        ),

        // What a newcomer runs.
        .executableTarget(
            name: "EtcdWalkThrough",
            dependencies: ["Etcd"],
            path: "Examples/EtcdWalkThrough"
        ),

        // Tests mirror Sources.
        .target(
            name: "TestKit",
            dependencies: ["Registry"],
            path: "Tests/TestKit",
            swiftSettings: strict
        ),
        .testTarget(
            name: "RegistryTests",
            dependencies: ["Registry", "TestKit"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "DiscoverydTests",
            dependencies: [
                "discoveryd", "EndpointFiles", "Etcd", "HealthChecks", "LocalServer", "Metrics",
                "Registry", "Systemd", "TestKit",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "EndpointFilesTests",
            dependencies: ["EndpointFiles", "Registry", "TestKit"],
            exclude: ["Golden"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "HealthChecksTests",
            dependencies: ["HealthChecks", "Registry", "TestKit"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "MetricsTests",
            dependencies: ["Metrics", "TestKit"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "LocalServerTests",
            dependencies: ["LocalServer", "TestKit"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SimulationTests",
            dependencies: ["Registry", "TestKit"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "IntegrationTests",
            dependencies: ["TestKit", "discoveryd", "EtcdWalkThrough"],
            exclude: ["Go"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SystemdTests",
            dependencies: ["Systemd", "TestKit", .product(name: "Logging", package: "swift-log")],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CertificatesTests",
            dependencies: [
                "Certificates", "Registry", "TestKit",
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "EtcdTests",
            dependencies: [
                "Certificates", "Etcd", "EtcdAPI", "Registry", "TestKit",
                .product(name: "GRPCCore", package: "grpc-swift-2"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
    ],
    cxxLanguageStandard: .cxx17
)
