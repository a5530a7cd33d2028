import Diagnostics

/// Objects by key: bytes that are put whole, and read, listed, copied and deleted by name. This comment is
/// the contract; `ObjectStoreConformance` in the tests holds every backend to it.
///
/// *Keys* are text of 1 to 1,024 bytes of UTF-8. A backend may refuse keys that it cannot hold (a folder
/// those that are no relative path, or that are a folder of another key) with `.configuration`, never
/// silently.
///
/// *Whole or not at all.* A reader sees an object as one put left it: the old bytes or the new ones, never a
/// mixture, never a part. A put that fails or is cancelled changes nothing that can be read. When a put
/// returns, the object survives a crash of the machine that keeps it, and every read, head and list that
/// begins afterwards shows it.
///
/// *Errors* are `LockstepError`s that name the object's location in one sentence: `.notFound`; `.denied`;
/// `.full` where there is no room; `.network` where the store cannot be reached or does not answer as it
/// should, after the backend has tried again; `.damaged` where bytes arrived that are not what was put;
/// `.conflict` where a condition does not hold; `.configuration` for a key, bucket or setting that can never
/// work; `.io` for anything else.
///
/// Cancelling the task of a call ends it soon; what it has begun is cleared away.
package protocol ObjectStore: Sendable {
    /// Where the store is, for people and messages: `s3://bucket`, `file:///folder`.
    var location: String { get }

    /// Puts an object in the place of an earlier one, if there is one.
    ///
    /// - Returns: the version that was put: whatever tells it from others of the same key.
    /// - Throws: besides the above, `.conflict` where `condition` does not hold. Of several puts at once on
    ///   the condition that there is none, one succeeds.
    @discardableResult
    func put(_ content: ObjectContent, as key: String, if condition: PutCondition) async throws -> String

    /// Reads an object, or a part of it, in pieces and in order.
    ///
    /// What `take` was given counts only once the call has returned: damage may be found out at the end.
    ///
    /// - Parameters:
    ///   - range: bytes; cut at the object's end, and nothing where it begins at or behind that; `nil`: all.
    ///   - version: the one to read; `nil`: whichever is there, but one.
    /// - Returns: what was read from.
    /// - Throws: besides the above, `.conflict` where another version is there now.
    @discardableResult
    func get(
        _ key: String, range: Range<Int>?, version: String?, _ take: ([UInt8]) async throws -> Void
    ) async throws -> ObjectInfo

    /// What there is to know of an object without reading it; `nil` where there is none.
    func head(_ key: String) async throws -> ObjectInfo?

    /// A page of the objects whose keys begin with `prefix`, in byte order of the keys.
    ///
    /// - Parameters:
    ///   - after: keys that are larger than this only; `nil`: from the first on.
    ///   - limit: objects at most, from 1; a page may be shorter, but is empty at the end only.
    func list(prefix: String, after: String?, limit: Int) async throws -> ObjectPage

    /// Removes an object; that there is none is no error.
    func delete(_ key: String) async throws

    /// Puts a copy of an object, whole or not at all.
    func copy(_ key: String, to target: String) async throws
}

/// What has to hold for a put to happen.
package enum PutCondition: Sendable {
    case always
    /// There is no object of that key.
    case ifNone
}

/// What a store knows of an object.
package struct ObjectInfo: Sendable, Equatable {
    package var key: String
    /// Bytes.
    package var size: Int
    /// Tells this object from earlier and later ones of its key. What it is made of is the store's affair.
    package var version: String
    /// When it was put, in seconds since 1970.
    package var modified: Double
    /// What its bytes must give; `nil` where the store does not say.
    package var digest: ObjectDigest?

    package init(key: String, size: Int, version: String, modified: Double, digest: ObjectDigest? = nil) {
        self.key = key
        self.size = size
        self.version = version
        self.modified = modified
        self.digest = digest
    }
}

/// Part of a list.
package struct ObjectPage: Sendable, Equatable {
    package var objects: [ObjectInfo]
    /// What to give as `after` for the next page; `nil`: this was the last one.
    package var next: String?

    package init(_ objects: [ObjectInfo], next: String?) {
        self.objects = objects
        self.next = next
    }
}
