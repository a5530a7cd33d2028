import Diagnostics

extension ObjectStore {
    /// `location/key`.
    package func place(_ key: String) -> String { location + "/" + key }

    @discardableResult
    package func put(_ content: ObjectContent, as key: String) async throws -> String {
        try await put(content, as: key, if: .always)
    }

    /// All bytes of an object.
    ///
    /// - Parameter limit: bytes that it may have.
    /// - Throws: besides what `get` does, `LockstepError(.data)` where it is larger.
    package func read(_ key: String, limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await get(key, range: nil, version: nil) { piece in
            guard bytes.count + piece.count <= limit else {
                throw LockstepError(.data, "\(place(key)) has more than \(limit) bytes")
            }
            bytes += piece
        }
        return bytes
    }

    /// All objects whose keys begin with `prefix`, page after page, in byte order.
    package func forEach(prefix: String, _ body: (ObjectInfo) async throws -> Void) async throws {
        var after: String?
        repeat {
            let page = try await list(prefix: prefix, after: after, limit: 1000)
            for object in page.objects { try await body(object) }
            after = page.next
        } while after != nil
    }

    /// The same as an array.
    package func all(prefix: String) async throws -> [ObjectInfo] {
        var objects: [ObjectInfo] = []
        try await forEach(prefix: prefix) { objects.append($0) }
        return objects
    }
}

/// What every backend asks of a key.
package enum ObjectKey {
    /// Bytes of UTF-8.
    package static let longest = 1024

    /// - Parameter location: of the store, for the message.
    /// - Throws: `LockstepError(.configuration)`.
    package static func check(_ key: String, in location: String) throws {
        guard !key.isEmpty else {
            throw LockstepError(.configuration, "an object in \(location) needs a key of one byte at least")
        }
        guard key.utf8.count <= longest else {
            throw LockstepError(
                .configuration,
                "the key \(key.prefix(40))… in \(location) has \(key.utf8.count) bytes, at most \(longest)")
        }
    }
}
