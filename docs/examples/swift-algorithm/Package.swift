// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "pca",
    dependencies: [.package(name: "lockstep", path: "../../..")],
    targets: [
        .executableTarget(
            name: "pca", dependencies: [.product(name: "LockstepTraining", package: "lockstep")])
    ])
