// swift-tools-version: 6.2

import PackageDescription

/// What every target of ours is compiled with.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// The same for what runs at the start, now and then, or for a person: small rather than fast, in a release. Nothing that the
/// libraries Etcd and Registry are made of: no other package may depend on flags.
let strictAndSmall = strict + [.unsafeFlags(["-Osize"], .when(configuration: .release))]

let package = Package(
    name: "discoveryd",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "discoveryd", targets: ["discoveryd"]),
        .library(name: "Etcd", targets: ["Etcd"]),
        .library(name: "Registry", targets: ["Registry"]),
    ],
    dependencies: [
        .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-protobuf", from: "2.4.1"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-async-algorithms", from: "1.1.4"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        // C shims: no systemd, no C++, no allocator's and no signals' header reaches Swift. Of access lists Swift's
        // Glibc has none.
        .target(name: "CSystemd", linkerSettings: [.linkedLibrary("systemd")]),
        .target(
            name: "CToml",
            cxxSettings: [.unsafeFlags(["-Os"], .when(configuration: .release))]
        ),
        .target(name: "CAllocator"),
        .target(name: "CSignals"),
        .target(name: "CAccessLists"),
        .target(name: "CCommit"),

        // What any daemon could use. They know nothing of discovery.
        .target(name: "Machines", swiftSettings: strict),
        .target(name: "Texts", swiftSettings: strict),
        .target(name: "Mustache", dependencies: ["Texts"], swiftSettings: strict),
        .target(name: "Files", dependencies: ["Machines", "Texts"], swiftSettings: strict),
        .target(
            name: "Programs",
            dependencies: [
                "Machines", "Texts",
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strictAndSmall
        ),
        .target(
            name: "Certificates",
            dependencies: [.product(name: "NIOSSL", package: "swift-nio-ssl")],
            swiftSettings: strict
        ),
        .target(
            name: "Systemd",
            dependencies: [
                "CSystemd", "Machines", "Texts", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strictAndSmall
        ),
        .target(name: "Network", dependencies: ["Files", "Texts"], swiftSettings: strict),
        .target(
            name: "GRPCTransport",
            dependencies: [
                "Machines", "Network", "Texts",
                .product(name: "GRPCCore", package: "grpc-swift-2"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict
        ),
        .target(name: "Exposition", swiftSettings: strictAndSmall),
        .target(
            name: "LocalServer",
            dependencies: [
                "Texts",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strictAndSmall
        ),

        // A client of etcd's v3 API, for any program.
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
                "Certificates", "EtcdAPI", "Files", "GRPCTransport", "Machines", "Network", "Texts",
                .product(name: "AsyncAlgorithms", package: "swift-async-algorithms"),
                .product(name: "GRPCCore", package: "grpc-swift-2"),
                .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            swiftSettings: strict
        ),

        // Discovery: what is registered, watched, written and checked.
        .target(name: "Registry", dependencies: ["Machines", "Texts"], swiftSettings: strict),
        .target(
            name: "EtcdRegistry",
            dependencies: ["Etcd", "Registry"],
            swiftSettings: strict
        ),
        .target(
            name: "EndpointFiles",
            dependencies: ["Files", "Machines", "Mustache", "Programs", "Registry", "Texts"],
            swiftSettings: strict
        ),
        .target(
            name: "HealthChecks",
            dependencies: [
                "Certificates", "Files", "Machines", "Network", "Programs", "Registry", "Texts",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strictAndSmall
        ),
        .target(
            name: "Configuration",
            dependencies: [
                "CToml", "EndpointFiles", "Etcd", "Files", "HealthChecks", "LocalServer",
                "Mustache", "Programs", "Registry", "Texts",
            ],
            swiftSettings: strictAndSmall
        ),

        // The daemon: where all of it meets.
        .target(
            name: "Daemon",
            dependencies: [
                "CAllocator", "CCommit", "CSignals", "Configuration", "EndpointFiles", "Etcd",
                "EtcdRegistry", "Exposition", "Files", "HealthChecks", "LocalServer", "Machines",
                "Mustache",
                "Programs", "Registry", "Systemd", "Texts",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            // The page that is served, inside the program.
            resources: ["overview.mustache", "overview.css", "overview.js", "icon.svg"].map {
                .embedInCode("Pages/Overview/\($0)")
            },
            swiftSettings: strictAndSmall
        ),
        // What keeps it from working: facts of this host and of etcd, and what follows from them.
        .target(
            name: "Doctor",
            dependencies: [
                "CAccessLists", "Configuration", "Daemon", "EndpointFiles", "Etcd", "Files",
                "HealthChecks", "LocalServer", "Machines", "Network", "Programs", "Registry",
                "Systemd", "Texts",
            ],
            swiftSettings: strictAndSmall
        ),
        .executableTarget(
            name: "discoveryd",
            dependencies: [
                "Configuration", "Daemon", "Doctor", "EndpointFiles", "Etcd", "EtcdRegistry",
                "Files",
                "LocalServer", "Machines", "Mustache", "Programs", "Registry", "Systemd", "Texts",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strictAndSmall
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
            dependencies: ["Machines", "Registry", "Texts"],
            path: "Tests/TestKit",
            swiftSettings: strict
        ),
        .testTarget(
            name: "MachinesTests",
            dependencies: ["Machines", "TestKit"],
            swiftSettings: strict
        ),
        .testTarget(name: "TextsTests", dependencies: ["TestKit", "Texts"], swiftSettings: strict),
        .testTarget(
            name: "MustacheTests",
            dependencies: ["Mustache", "TestKit"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "FilesTests",
            dependencies: ["Files", "Machines", "TestKit"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "NetworkTests",
            dependencies: ["Files", "Network", "TestKit", "Texts"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "GRPCTransportTests",
            dependencies: [
                "GRPCTransport", "Machines", "Network", "TestKit", "Texts",
                .product(name: "GRPCCore", package: "grpc-swift-2"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            exclude: ["Go"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ProgramsTests",
            dependencies: ["Programs", "TestKit"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ExpositionTests",
            dependencies: ["Exposition", "TestKit"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RegistryTests",
            dependencies: ["Machines", "Registry", "TestKit", "Texts"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "EtcdRegistryTests",
            dependencies: ["Etcd", "EtcdRegistry", "Machines", "Registry", "TestKit"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ConfigurationTests",
            dependencies: [
                "Configuration", "EndpointFiles", "Etcd", "HealthChecks", "LocalServer", "Mustache",
                "Registry", "TestKit", "Texts",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "DaemonTests",
            dependencies: [
                "Configuration", "Daemon", "EndpointFiles", "Etcd", "EtcdRegistry", "Exposition",
                "Files", "HealthChecks", "LocalServer", "Machines", "Programs", "Registry",
                "Systemd", "TestKit", "Texts",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "DoctorTests",
            dependencies: [
                "Configuration", "Doctor", "EndpointFiles", "Etcd", "Programs", "Registry",
                "TestKit",
                "Texts",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "DiscoverydTests",
            dependencies: [
                "Configuration", "Daemon", "discoveryd", "Registry", "TestKit", "Texts",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "EndpointFilesTests",
            dependencies: [
                "EndpointFiles", "Files", "Machines", "Mustache", "Programs", "Registry", "TestKit",
                "Texts",
            ],
            exclude: ["Golden"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "HealthChecksTests",
            dependencies: [
                "Files", "HealthChecks", "Machines", "Programs", "Registry", "TestKit", "Texts",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "LocalServerTests",
            dependencies: ["LocalServer", "TestKit"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SimulationTests",
            dependencies: ["Machines", "Registry", "TestKit"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "IntegrationTests",
            dependencies: ["Registry", "TestKit", "discoveryd", "EtcdWalkThrough"],
            exclude: ["Go"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SystemdTests",
            dependencies: [
                "Machines", "Systemd", "TestKit", "Texts",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CertificatesTests",
            dependencies: [
                "Certificates", "Machines", "TestKit",
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "EtcdTests",
            dependencies: [
                "Certificates", "Etcd", "EtcdAPI", "Files", "Machines", "TestKit", "Texts",
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
