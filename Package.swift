// swift-tools-version: 6.2
import PackageDescription

/// Every target speaks Swift 6; imports are internal unless they say otherwise.
let house: [SwiftSetting] = [
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]
/// Targets that never touch C or raw pointers also prove their memory safety.
let safe = house + [.strictMemorySafety()]

// The targets stand in the order of the data: see Sources/README.md.
let package = Package(
  name: "tandem",
  traits: [.trait(name: "OneDNN", description: "Products by oneDNN too; opened when the program runs.")],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
  ],
  targets: [
    // The nouns. Imports nothing.
    .target(name: "Media", swiftSettings: safe),
    // What Linux has beside the C library, and: descriptors, sockets, children, shared memory.
    .systemLibrary(name: "CLinux"),
    .target(name: "System", dependencies: ["Media", "CLinux"], swiftSettings: safe),
    // libcrypto, as Debian has it.
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    // Checksums of bytes and files. The only target that knows libcrypto.
    .target(name: "Digest", dependencies: ["CCrypto"], swiftSettings: safe),
    // FFmpeg, as Debian has it.
    .systemLibrary(
      name: "CFFmpeg", pkgConfig: "libavformat libavcodec libavutil libswscale libswresample",
      providers: [
        .apt(["libavformat-dev", "libavcodec-dev", "libavutil-dev", "libswscale-dev", "libswresample-dev"])
      ]),
    // A source in, decoded samples out. The only target that knows FFmpeg.
    .target(name: "Decode", dependencies: ["Media", "System", "CFFmpeg"], swiftSettings: house),
    // Decoded samples on one exact clock.
    .target(name: "Timeline", dependencies: ["Media"], swiftSettings: safe),
    // Decode and Timeline as one: all that stands left of the seam.
    .target(name: "Intake", dependencies: ["Media", "System", "Decode", "Timeline"], swiftSettings: safe),
    // The seam as the border of two processes: what crosses it, and both of its ends.
    .target(name: "Seam", dependencies: ["Media", "System"], swiftSettings: safe),
    // The worker: all that stands left of the seam, as a program.
    .executableTarget(
      name: "tandem-decode", dependencies: ["Media", "System", "Decode", "Intake", "Seam"], swiftSettings: house),
    // Vector loops: portable C with run-time dispatch.
    .target(name: "CKernels"),
    // OpenBLAS, as Debian has it.
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    // A thin door to oneDNN; empty without the trait.
    .target(name: "COneDNN", cSettings: [.define("TANDEM_ONEDNN", .when(traits: ["OneDNN"]))]),
    // Matrices, the layers of networks, and the weights of checkpoints.
    .target(
      name: "Linear",
      dependencies: ["CKernels", "COpenBLAS", .target(name: "COneDNN", condition: .when(traits: ["OneDNN"]))],
      swiftSettings: house),
    // utf8proc: the normalization forms of Unicode.
    .systemLibrary(name: "CUnicode", providers: [.apt(["libutf8proc-dev"])]),
    // Text becomes the token ids of a text encoder.
    .target(name: "Tokenize", dependencies: ["CUnicode"], swiftSettings: safe),
    // Items become steps, one file per model family.
    .target(name: "Encode", dependencies: ["Media", "CKernels", "Linear", "Tokenize"], swiftSettings: safe),
    // Encoders that are other programs: their protocol and their processes.
    .target(name: "External", dependencies: ["Media", "System"], swiftSettings: safe),
    // Steps become windows.
    .target(name: "Align", dependencies: ["Media"], swiftSettings: safe),
    // Windows become embeddings.
    .target(name: "Fuse", dependencies: ["Media"], swiftSettings: safe),
    // Embeddings become bytes: Arrow, NDJSON, npy; file, stdout, socket.
    .target(name: "Emit", dependencies: ["Media", "System"], swiftSettings: safe),
    // Records that survive: segments and a journal.
    .target(name: "Store", dependencies: ["Media", "System"], swiftSettings: safe),
    // A source and its records as a picture or a table for people.
    .target(name: "Plot", dependencies: ["Media"], swiftSettings: safe),
    // The Dispatch pipeline: the only owner of threads and queues.
    .target(name: "Flow", dependencies: ["Media", "System"], swiftSettings: safe),
    // What lets a service run for months: retries, signs of life, the service manager, watched directories.
    .target(name: "Supervise", dependencies: ["Media", "System"], swiftSettings: safe),
    // Checkpoints from where they are published into folders of this machine.
    .target(
      name: "Hub", dependencies: ["Media", "System", "Digest"], resources: [.embedInCode("Resources")],
      swiftSettings: safe),
    // The daemon's configuration and recipes, read strictly. The only target that knows YAML.
    .target(
      name: "Config", dependencies: ["Media", "System", .product(name: "Yams", package: "Yams")], swiftSettings: safe),
    // The daemon's HTTP door. The only target that knows Hummingbird and NIO.
    .target(
      name: "Serve",
      dependencies: [
        "Media", "System", "Emit",
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: safe),
    // The commands: the only place that sees every room.
    .executableTarget(
      name: "tandem",
      dependencies: [
        "Media", "System", "Digest", "Seam", "Linear", "Encode", "External", "Align", "Fuse", "Emit", "Store", "Plot",
        "Flow", "Supervise", "Hub", "Config", "Serve",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: safe),
    // Tests mirror the rooms; those of the whole way stand in Tests/Path, in Python.
    .testTarget(name: "MediaTests", dependencies: ["Media"], swiftSettings: safe),
    .testTarget(name: "SystemTests", dependencies: ["System"], swiftSettings: safe),
    .testTarget(name: "DigestTests", dependencies: ["Digest"], swiftSettings: safe),
    .testTarget(name: "DecodeTests", dependencies: ["Media", "System", "Decode"], swiftSettings: safe),
    .testTarget(name: "TimelineTests", dependencies: ["Media", "Timeline"], swiftSettings: safe),
    .testTarget(name: "IntakeTests", dependencies: ["Media", "Decode", "Timeline", "Intake"], swiftSettings: safe),
    .testTarget(name: "SeamTests", dependencies: ["Media", "System", "Seam"], swiftSettings: safe),
    .testTarget(
      name: "EncodeTests", dependencies: ["Encode", "Linear", "Media"],
      exclude: [
        "Goldens/ast",
        "Goldens/bert",
        "Goldens/bert-first-token",
        "Goldens/builtin.py",
        "Goldens/checkpoints.py",
        "Goldens/clap",
        "Goldens/clap-fused",
        "Goldens/clip",
        "Goldens/clip-bordered",
        "Goldens/clip-bordered-pillow",
        "Goldens/clip-gelu-pillow",
        "Goldens/clip-vision",
        "Goldens/efficientnet-lite0",
        "Goldens/efficientnet.py",
        "Goldens/resize",
        "Goldens/siglip",
        "Goldens/siglip-2",
        "Goldens/siglip2-naflex",
        "Goldens/sound_and_text.py",
        "Goldens/vision.py",
        "Goldens/whisper",
      ], swiftSettings: house),
    .testTarget(
      name: "LinearTests", dependencies: ["Linear"],
      exclude: ["Goldens/tensors.py", "Goldens/one.safetensors", "Goldens/shards"], swiftSettings: safe),
    .testTarget(
      name: "TokenizeTests", dependencies: ["Tokenize"], exclude: ["Goldens"], swiftSettings: safe),
    .testTarget(name: "ExternalTests", dependencies: ["External", "Media"], swiftSettings: safe),
    .testTarget(name: "AlignTests", dependencies: ["Media", "Align"], swiftSettings: safe),
    .testTarget(name: "FuseTests", dependencies: ["Media", "Fuse"], swiftSettings: safe),
    .testTarget(name: "EmitTests", dependencies: ["Emit", "Media", "System"], swiftSettings: safe),
    .testTarget(name: "StoreTests", dependencies: ["Store", "Emit", "Media", "System"], swiftSettings: safe),
    .testTarget(name: "PlotTests", dependencies: ["Plot", "Media"], swiftSettings: house),
    .testTarget(name: "FlowTests", dependencies: ["Media", "Flow"], swiftSettings: safe),
    .testTarget(name: "SuperviseTests", dependencies: ["System", "Supervise"], swiftSettings: safe),
    .testTarget(name: "ServeTests", dependencies: ["Serve", "Emit", "Media", "System"], swiftSettings: safe),
    .testTarget(name: "HubTests", dependencies: ["Hub"], swiftSettings: safe),
    .testTarget(name: "ConfigTests", dependencies: ["Config", "Media"], swiftSettings: safe),
    // Tests about the house itself.
    .testTarget(name: "HouseTests", swiftSettings: safe),
  ]
)
