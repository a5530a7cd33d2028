import Checkpoints
import Diagnostics
import Storage
import Tensors
import Testing

@Suite struct FormatTests {
    static let tensors = NamedTensors([
        ("weight", Tensor([1.5, -2, 0, 7] as [Float], shape: [2, 2])),
        ("empty", Tensor([] as [Float], shape: [0])), ("Zeta", Tensor([Int64.min], shape: [1])),
        ("scalar", Tensor([0.1] as [Double], shape: [])),
    ])

    @Test func `safetensors come back as they were`() throws {
        let bytes = try Safetensors.encode(Self.tensors)
        let back = try Safetensors.decode(bytes, source: "test")
        #expect(back.sha256 == Self.tensors.sha256)
        #expect(back.names == ["Zeta", "empty", "scalar", "weight"])
        #expect(back["weight"]?.floats == [1.5, -2, 0, 7])
    }

    @Test func `the header of a safetensors file is as the format says`() throws {
        let bytes = try Safetensors.encode(NamedTensors([("a", Tensor([1] as [Float], shape: [1]))]))
        let header = #"{"a":{"data_offsets":[0,4],"dtype":"F32","shape":[1]}}"#
        #expect(bytes[0] == 56 && bytes[1..<8].allSatisfy { $0 == 0 })
        #expect(String(decoding: bytes[8..<64], as: UTF8.self) == header + "  ")
        #expect(Array(bytes[64...]) == [0, 0, 128, 63])
    }

    @Test func `a safetensors file cut anywhere is refused`() throws {
        let bytes = try Safetensors.encode(Self.tensors)
        for count in 0..<bytes.count {
            #expect(throws: LockstepError.self, "\(count) bytes") {
                try Safetensors.decode(Array(bytes.prefix(count)), source: "test")
            }
        }
    }

    @Test func `metadata of other writers is passed over`() throws {
        let header = #"{"__metadata__":{"format":"pt"},"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#
        var bytes: [UInt8] = [UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0]
        bytes += [UInt8](header.utf8) + [4, 5]
        #expect(try Safetensors.decode(bytes, source: "test").names == ["a"])
    }

    @Test func `an archive comes back as it was, and is refused when cut or damaged`() throws {
        let archive = TarArchive([
            TarArchive.Entry(name: "a.txt", bytes: [UInt8](repeating: 65, count: 700)),
            TarArchive.Entry(name: "empty", bytes: []),
        ])
        let bytes = try archive.encoded()
        #expect(bytes.count % 512 == 0)
        #expect(try TarArchive(decoding: bytes, source: "test") == archive)
        for count in [0, 511, 600, 1535, 2047] {
            #expect(throws: LockstepError.self, "\(count) bytes") {
                try TarArchive(decoding: Array(bytes.prefix(count)), source: "test")
            }
        }
        var damaged = bytes
        damaged[3] ^= 1
        #expect(throws: LockstepError.self) { try TarArchive(decoding: damaged, source: "test") }
    }

    @Test func `the state hash sees names, types, shapes and every byte`() {
        func tensors(_ name: String, _ tensor: Tensor) -> NamedTensors { NamedTensors([(name, tensor)]) }
        let values: [Float] = (0..<41).map(Float.init)
        var hashes: Set<UInt64> = [
            tensors("a", Tensor(values, shape: [41])).stateHash,
            tensors("b", Tensor(values, shape: [41])).stateHash,
            tensors("a", Tensor(values, shape: [41, 1])).stateHash,
            tensors("a", Tensor(values.map { Int32(bitPattern: $0.bitPattern) }, shape: [41])).stateHash,
        ]
        for index in values.indices {
            var other = values
            other[index] = other[index].nextUp
            hashes.insert(tensors("a", Tensor(other, shape: [41])).stateHash)
        }
        #expect(hashes.count == 4 + 41)
        let a = NamedTensors([("x", Tensor([1] as [Float], shape: [1])), ("y", Tensor([2] as [Float], shape: [1]))])
        let b = NamedTensors([("y", Tensor([2] as [Float], shape: [1])), ("x", Tensor([1] as [Float], shape: [1]))])
        #expect(a.stateHash == b.stateHash)
    }
}
