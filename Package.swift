// swift-tools-version: 6.2
import PackageDescription

// The layers of docs/architecture.md. A module may depend only on modules of a lower layer;
// the check at the bottom runs whenever the manifest loads and refuses anything else.
enum Layer: Int {
    case system, base, contracts, mechanisms, adapters, learning, algorithms, services, frontDoors, products
    case programs
}

// The wings of the house: Sources/<wing>/<module>.
let wings: [String: [String]] = [
    "Base": [
        "CFixedPoint", "CMPI", "COpenBLAS", "CProcess", "CProtobufC", "CZlib", "ClusterTypes",
        "Collectives", "CommandLineEntry", "DatabaseFiles", "Diagnostics", "JSON", "JobSpecs",
        "LinearAlgebra", "MPICollectives", "Processes", "Storage", "StorageLocations", "Threading",
    ],
    "Data": [
        "CRecordFormat", "Datasets", "ObjectStores", "RecordOrder", "Tensors",
    ],
    "Learning": [
        "AlgorithmSpecs", "Checkpoints", "GangRuntime", "Training",
    ],
    "Algorithms": [
        "AlgorithmCatalog", "KMeans", "LinearLearner",
    ],
    "ControlPlane": [
        "CControlFrames", "ControlChannel", "ControlPlane", "CoordinatorService", "JobLifecycle",
        "JobStore", "Scheduling", "Wire",
    ],
    "Worker": [
        "CPathShim", "ProgramContract", "ProgramRunner", "WorkerService",
    ],
    "API": [
        "APIClient", "APIWire", "CServiceModels", "JobRequests", "RequestSigning", "ResourceStore",
        "SageMakerAPI", "SageMakerShapes", "ServiceModels",
    ],
    "Products": [
        "LockstepTraining", "lockstep", "lockstep-bench", "lockstep-cluster", "lockstep-train",
        "lockstepd",
    ],
]

func path(of module: String) -> String {
    guard let wing = wings.first(where: { $0.value.contains(module) })?.key else {
        fatalError("\(module) is in no wing: name it in `wings`")
    }
    return "Sources/\(wing)/\(module)"
}

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),  // SE-0335
    .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
    .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
    .treatAllWarnings(as: .error),
]

struct Module {
    let layer: Layer
    let name: String
    let dependencies: [String]
    let target: Target
}

// Products of other packages, by the short name that modules use below.
let external: [String: Target.Dependency] = [
    "ArgumentParser": .product(name: "ArgumentParser", package: "swift-argument-parser"),
    "AsyncHTTPClient": .product(name: "AsyncHTTPClient", package: "async-http-client"),
    "Crypto": .product(name: "Crypto", package: "swift-crypto"),
    "HTTPTypes": .product(name: "HTTPTypes", package: "swift-http-types"),
    "GRDB": .product(name: "GRDB", package: "GRDB.swift"),
    "Hummingbird": .product(name: "Hummingbird", package: "hummingbird"),
    "HummingbirdTesting": .product(name: "HummingbirdTesting", package: "hummingbird"),
    "Logging": .product(name: "Logging", package: "swift-log"),
    "NIOCore": .product(name: "NIOCore", package: "swift-nio"),
    "NIOHTTP1": .product(name: "NIOHTTP1", package: "swift-nio"),
    "NIOPosix": .product(name: "NIOPosix", package: "swift-nio"),
    "Rainbow": .product(name: "Rainbow", package: "Rainbow"),
    "ServiceLifecycle": .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
    "Subprocess": .product(name: "Subprocess", package: "swift-subprocess"),
    "UnixSignals": .product(name: "UnixSignals", package: "swift-service-lifecycle"),
    "Yams": .product(name: "Yams", package: "Yams"),
]

func resolve(_ names: [String]) -> [Target.Dependency] {
    names.map { external[$0] ?? .byName(name: $0) }
}

func lib(
    _ layer: Layer, _ name: String, _ dependencies: [String] = [], packageAccess: Bool = true,
    resources: [Resource] = []
) -> Module {
    Module(
        layer: layer, name: name, dependencies: dependencies,
        target: .target(
            name: name, dependencies: resolve(dependencies), path: path(of: name), resources: resources,
            packageAccess: packageAccess, swiftSettings: swiftSettings))
}
func cTarget(_ layer: Layer, _ name: String, _ dependencies: [String] = []) -> Module {
    Module(
        layer: layer, name: name, dependencies: dependencies,
        target: .target(name: name, dependencies: resolve(dependencies), path: path(of: name)))
}
// Without the start files of Swift: what loads this library may be any program.
func preloaded(_ name: String) -> Module {
    Module(
        layer: .base, name: name, dependencies: [],
        target: .target(
            name: name, path: path(of: name), linkerSettings: [.unsafeFlags(["-nostartfiles"])]))
}
func exe(_ name: String, _ dependencies: [String], packageAccess: Bool = true) -> Module {
    Module(
        layer: .programs, name: name, dependencies: dependencies,
        target: .executableTarget(
            name: name, dependencies: resolve(dependencies), path: path(of: name),
            packageAccess: packageAccess,
            swiftSettings: swiftSettings))
}
func sys(_ name: String, _ pkgConfig: String, _ package: String) -> Module {
    Module(
        layer: .system, name: name, dependencies: [],
        target: .systemLibrary(
            name: name, path: path(of: name), pkgConfig: pkgConfig, providers: [.apt([package])]))
}
func tests(
    _ name: String, _ dependencies: [String], exclude: [String] = [], packageAccess: Bool = true
) -> Target {
    .testTarget(
        name: name, dependencies: resolve(dependencies), exclude: exclude, packageAccess: packageAccess,
        swiftSettings: swiftSettings)
}

let modules: [Module] = [
    // 0 C
    sys("CMPI", "ompi-c", "libopenmpi-dev"),
    sys("COpenBLAS", "openblas", "libopenblas-dev"),
    sys("CProtobufC", "libprotobuf-c", "libprotobuf-c-dev"),
    sys("CZlib", "zlib", "zlib1g-dev"),
    lib(.system, "Diagnostics"),
    // 1 base
    cTarget(.base, "CControlFrames", ["CProtobufC"]),
    cTarget(.base, "CRecordFormat", ["CProtobufC"]),
    cTarget(.base, "CFixedPoint"),
    cTarget(.base, "CProcess"),
    cTarget(.base, "CServiceModels"),
    lib(.base, "ClusterTypes"),
    lib(.base, "JSON"),
    lib(.base, "StorageLocations", ["Diagnostics"]),
    lib(.base, "RecordOrder"),
    lib(.base, "Threading"),
    lib(.base, "Tensors", ["Crypto"]),
    // Loaded into programs, linked by none: the product lockstep-paths.
    preloaded("CPathShim"),
    // 2 contracts: what processes tell each other
    lib(.contracts, "ServiceModels", ["CServiceModels", "JSON"]),
    lib(.contracts, "JobSpecs", ["ClusterTypes", "Diagnostics", "JSON", "StorageLocations"]),
    // 3 mechanisms
    lib(.mechanisms, "CommandLineEntry", ["ArgumentParser", "CProcess", "Diagnostics", "Rainbow"]),
    lib(.mechanisms, "Wire", ["CControlFrames", "CProtobufC", "ClusterTypes", "Diagnostics"]),
    lib(.mechanisms, "LinearAlgebra", ["COpenBLAS", "Diagnostics", "Tensors"]),
    lib(.mechanisms, "Collectives", ["CFixedPoint", "Diagnostics", "Threading"]),
    lib(.mechanisms, "Storage", ["CZlib", "Crypto", "Diagnostics"]),
    lib(.mechanisms, "JobLifecycle", ["ClusterTypes", "Diagnostics", "JobSpecs", "StorageLocations"]),
    lib(.mechanisms, "DatabaseFiles", ["Diagnostics", "GRDB"]),
    lib(.mechanisms, "Processes", ["CProcess", "Diagnostics"]),
    lib(.mechanisms, "Scheduling", ["ClusterTypes", "Diagnostics"]),
    lib(.mechanisms, "AlgorithmSpecs", ["Diagnostics"]),
    lib(.mechanisms, "RequestSigning", ["Crypto", "Diagnostics"]),
    lib(.mechanisms, "SageMakerShapes", ["Diagnostics", "JSON", "JobSpecs", "ServiceModels"]),
    // 4 adapters
    lib(
        .adapters, "JobRequests",
        [
            "ClusterTypes", "Diagnostics", "JSON", "JobSpecs", "SageMakerShapes", "ServiceModels",
            "StorageLocations", "Yams",
        ]),
    lib(.adapters, "MPICollectives", ["CMPI", "ClusterTypes", "Collectives", "Diagnostics"]),
    lib(.adapters, "Datasets", ["CRecordFormat", "Collectives", "Diagnostics", "Storage", "Tensors"]),
    lib(
        .adapters, "ObjectStores",
        [
            "AsyncHTTPClient", "CZlib", "Crypto", "Diagnostics", "NIOCore", "NIOHTTP1", "NIOPosix",
            "RequestSigning", "Storage",
        ]),
    lib(
        .adapters, "Checkpoints",
        [
            "ClusterTypes", "Crypto", "Diagnostics", "JobSpecs", "RecordOrder", "Storage",
            "StorageLocations", "Tensors",
        ]),
    lib(
        .adapters, "JobStore",
        ["ClusterTypes", "DatabaseFiles", "Diagnostics", "GRDB", "JobLifecycle", "Storage"]),
    lib(.adapters, "ResourceStore", ["DatabaseFiles", "Diagnostics", "GRDB", "JSON", "Storage"]),
    lib(
        .adapters, "ControlChannel",
        ["ClusterTypes", "Crypto", "Diagnostics", "Logging", "NIOCore", "NIOPosix", "Wire"]),
    lib(
        .adapters, "APIClient",
        [
            "AsyncHTTPClient", "Diagnostics", "JSON", "NIOCore", "NIOHTTP1", "RequestSigning",
            "SageMakerShapes",
        ]),
    lib(.adapters, "APIWire", ["JSON", "ServiceModels"]),
    lib(
        .adapters, "ControlPlane",
        ["ClusterTypes", "Diagnostics", "JobLifecycle", "JobSpecs", "Scheduling", "Wire"]),
    lib(
        .adapters, "ProgramContract",
        [
            "ClusterTypes", "Diagnostics", "JSON", "JobSpecs", "Processes", "Storage", "StorageLocations",
        ],
        resources: [.embedInCode("Resources/lockstep.py"), .embedInCode("Resources/lockstep_install.py")]),
    // 5 learning
    lib(
        .learning, "Training",
        [
            "AlgorithmSpecs", "Checkpoints", "ClusterTypes", "Collectives", "Datasets", "Diagnostics",
            "JobSpecs", "LinearAlgebra", "RecordOrder", "Storage", "Tensors", "Threading",
        ]),
    // 6 algorithms: written against the public contract alone, as a user's are
    lib(
        .algorithms, "LinearLearner",
        ["AlgorithmSpecs", "Diagnostics", "LinearAlgebra", "RecordOrder", "Tensors", "Training"],
        packageAccess: false),
    lib(
        .algorithms, "KMeans",
        ["AlgorithmSpecs", "Diagnostics", "LinearAlgebra", "RecordOrder", "Tensors", "Training"],
        packageAccess: false),
    // 7 services
    lib(.services, "AlgorithmCatalog", ["KMeans", "LinearLearner", "Training"]),
    lib(
        .services, "CoordinatorService",
        [
            "ClusterTypes", "ControlChannel", "ControlPlane", "Diagnostics", "JobLifecycle", "JobSpecs",
            "JobStore", "Logging", "Processes", "ServiceLifecycle", "Storage", "Wire",
        ]),
    lib(
        .services, "WorkerService",
        [
            "AsyncHTTPClient", "CProcess", "Checkpoints", "ClusterTypes", "ControlChannel", "Diagnostics",
            "JobSpecs", "Logging", "NIOCore", "NIOHTTP1", "Processes", "ProgramContract", "ServiceLifecycle",
            "Storage", "Wire",
        ]),
    lib(
        .services, "ProgramRunner",
        [
            "CProcess", "ClusterTypes", "Crypto", "Diagnostics", "JSON", "JobSpecs", "Processes",
            "ProgramContract", "Storage", "StorageLocations",
        ]),
    // 8 front doors
    lib(
        .frontDoors, "SageMakerAPI",
        [
            "APIWire", "AlgorithmSpecs", "CProcess", "ClusterTypes", "Diagnostics", "HTTPTypes",
            "Hummingbird", "JSON", "JobLifecycle", "JobRequests", "JobSpecs", "Logging", "NIOCore",
            "ProgramContract",
            "RequestSigning", "SageMakerShapes", "ServiceLifecycle", "ServiceModels", "Storage",
            "StorageLocations",
        ]),
    lib(
        .frontDoors, "GangRuntime",
        [
            "AlgorithmSpecs", "Checkpoints", "ClusterTypes", "Collectives", "Datasets", "Diagnostics",
            "JobSpecs", "Storage", "StorageLocations", "Tensors", "Training",
        ]),
    // 9 products, for other packages
    lib(
        .products, "LockstepTraining",
        [
            "AlgorithmSpecs", "ArgumentParser", "CProcess", "ClusterTypes", "Collectives",
            "CommandLineEntry", "Datasets", "Diagnostics", "GangRuntime", "JobRequests", "LinearAlgebra",
            "MPICollectives", "RecordOrder", "Storage", "Tensors", "Training",
        ]),
    // 10 programs
    exe(
        "lockstep",
        [
            "APIClient", "AlgorithmSpecs", "ArgumentParser", "Checkpoints", "ClusterTypes",
            "CommandLineEntry", "Datasets", "Diagnostics", "JSON", "JobRequests", "JobSpecs", "Processes",
            "ProgramContract", "RequestSigning", "SageMakerShapes", "Storage", "StorageLocations",
            "UnixSignals",
        ]),
    exe(
        "lockstepd",
        [
            "ArgumentParser", "CProcess", "ClusterTypes", "CommandLineEntry", "CoordinatorService",
            "Diagnostics", "JobLifecycle", "JobRequests", "Logging", "Processes", "ProgramContract",
            "ProgramRunner", "SageMakerAPI", "ServiceLifecycle", "UnixSignals", "WorkerService",
        ]),
    exe("lockstep-train", ["AlgorithmCatalog", "LockstepTraining"], packageAccess: false),
    exe(
        "lockstep-cluster",
        ["ArgumentParser", "CProcess", "Collectives", "CommandLineEntry", "Diagnostics", "MPICollectives"]),
    exe(
        "lockstep-bench",
        [
            "APIClient", "AlgorithmCatalog", "AlgorithmSpecs", "ArgumentParser", "Checkpoints",
            "ClusterTypes", "Collectives", "CommandLineEntry", "ControlChannel", "ControlPlane",
            "CoordinatorService", "Datasets", "Diagnostics", "GangRuntime", "JSON", "JobLifecycle",
            "JobRequests", "JobSpecs", "LinearAlgebra", "Logging", "MPICollectives", "Processes",
            "RecordOrder", "SageMakerShapes", "Scheduling", "Storage", "StorageLocations", "Tensors",
            "Threading", "Training", "Wire",
        ]),
]

let testTargets: [Target] = [
    tests("CollectivesTests", ["CFixedPoint", "Collectives", "Diagnostics", "Threading"]),
    tests("MPITests", ["Collectives", "Diagnostics", "MPICollectives", "Threading"]),
    tests(
        "StorageTests",
        ["AsyncHTTPClient", "Crypto", "Diagnostics", "NIOCore", "NIOHTTP1", "ObjectStores", "Storage"]),
    tests("DatasetsTests", ["Collectives", "Datasets", "Diagnostics", "Storage", "Tensors"]),
    tests(
        "TrainingTests",
        [
            "AlgorithmSpecs", "Checkpoints", "ClusterTypes", "Collectives", "Datasets", "Diagnostics",
            "GangRuntime", "JobSpecs", "RecordOrder", "Storage", "StorageLocations", "Tensors",
            "Threading", "Training",
        ]),
    tests(
        "AlgorithmsTests",
        [
            "AlgorithmCatalog", "AlgorithmSpecs", "Collectives", "Datasets", "Diagnostics", "GangRuntime",
            "JobSpecs", "KMeans", "LinearAlgebra", "LinearLearner", "RecordOrder", "Tensors", "Threading",
            "Training",
        ], exclude: ["Golden"]),
    tests(
        "ClusterTests",
        [
            "Checkpoints", "ClusterTypes", "ControlChannel", "CoordinatorService", "Crypto", "Diagnostics",
            "JobLifecycle", "JobRequests", "JobSpecs", "JobStore", "Logging", "NIOCore", "NIOPosix",
            "Processes", "ProgramContract", "SageMakerShapes", "Scheduling", "Storage", "StorageLocations",
            "Wire", "WorkerService",
        ]),
    tests(
        "APITests",
        [
            "APIClient", "APIWire", "AlgorithmSpecs", "ClusterTypes", "CommandLineEntry", "Diagnostics",
            "HTTPTypes", "Hummingbird", "HummingbirdTesting", "JSON", "JobLifecycle", "JobRequests",
            "JobSpecs", "Logging", "NIOCore", "RequestSigning", "SageMakerAPI", "SageMakerShapes",
            "ServiceModels", "Storage", "StorageLocations", "Subprocess",
        ], exclude: ["Scripts"]),
    tests("ResourceStoreTests", ["Diagnostics", "JSON", "ResourceStore"]),
    tests(
        "SimulationTests",
        ["ClusterTypes", "ControlPlane", "Diagnostics", "JobLifecycle", "Scheduling", "Wire"]),
    tests(
        "ProgramTests",
        [
            "ClusterTypes", "Diagnostics", "JSON", "JobRequests", "JobSpecs", "Processes",
            "ProgramContract", "ProgramRunner", "SageMakerShapes", "Storage", "StorageLocations",
        ],
        exclude: ["Golden"]),
    tests("IntegrationTests", ["ClusterTypes", "Diagnostics"], exclude: ["Clients"]),
    tests("LockstepTrainingTests", ["LockstepTraining"], packageAccess: false),
    tests("TidyTests", []),
]

// Imports go down only: refuse to load a manifest in which they do not.
let layerByName = Dictionary(uniqueKeysWithValues: modules.map { ($0.name, $0.layer) })
for module in modules {
    for dependency in module.dependencies where external[dependency] == nil {
        guard let below = layerByName[dependency] else {
            fatalError("\(module.name) names \(dependency), which is no module of this package")
        }
        guard below.rawValue < module.layer.rawValue else {
            fatalError(
                "\(module.name) (\(module.layer)) may not import \(dependency) (\(below)): "
                    + "imports go down only")
        }
    }
}

// Programs that stay small: refuse a manifest in which one of them reaches what it has no use for.
func reaches(_ module: String, _ goal: String, in modules: [Module]) -> Bool {
    let dependencies = modules.first { $0.name == module }?.dependencies ?? []
    return dependencies.contains { $0 == goal || reaches($0, goal, in: modules) }
}
for (program, walls) in [
    "lockstep-train": ["Hummingbird", "AsyncHTTPClient", "NIOPosix", "GRDB"],
    "lockstep": ["Hummingbird", "GRDB", "MPICollectives"],
    "lockstepd": ["MPICollectives", "LinearAlgebra", "Training"],
] {
    for wall in walls where reaches(program, wall, in: modules) {
        fatalError("\(program) reaches \(wall), which it has no use for")
    }
}

// Requests end at the edge: outside of the wings that speak with clients nothing reaches their types, their
// reader, or YAML.
var reached: [String: Set<String>] = [:]
for module in modules.sorted(by: { $0.layer.rawValue < $1.layer.rawValue }) {
    reached[module.name] = module.dependencies.reduce(into: Set(module.dependencies)) {
        $0.formUnion(reached[$1] ?? [])
    }
}
for (wing, names) in wings where !["API", "Products"].contains(wing) {
    for name in names {
        for wall in ["JobRequests", "SageMakerShapes", "Yams"] where reached[name, default: []].contains(wall)
        {
            fatalError("\(name) reaches \(wall): below the API a job is its JobSpec")
        }
    }
}

let package = Package(
    name: "lockstep",
    products: [
        .library(name: "LockstepTraining", targets: ["LockstepTraining"]),
        .library(name: "lockstep-paths", type: .dynamic, targets: ["CPathShim"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.3.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/onevcat/Rainbow", from: "4.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: modules.map(\.target) + testTargets)
