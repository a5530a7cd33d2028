import Diagnostics
import Glibc
package import Processes
package import Storage

/// What a program's paths meant while it ran: its `/opt/ml`, checkpoints, channels and `/tmp`, and where
/// these lie on this node. Links are resolved with it as the program saw them; nothing else is reached.
package struct ProgramView {
    /// A place of the program's view, and the folders or files that it stands for, the first first.
    package struct Root {
        var place: [FileName]
        var paths: [String]

        package init(_ place: String, _ paths: [String]) {
            self.place = ProgramView.split(FileName(place))
            self.paths = paths
        }
    }

    /// Where a link leads.
    package enum Goal: Equatable {
        case file(path: FileName)
        case folder(path: FileName, place: [FileName])
    }

    /// Why a link leads nowhere, to stand behind its name.
    package struct Obstacle: Error, Equatable {
        package var sentence: String
    }

    /// Links that are followed on the way to one goal.
    private static let linksMax = 40

    /// What the program called its tree.
    let base: String
    let user: JobUser?
    private let roots: [Root]

    /// - Parameters:
    ///   - base: what the program called its tree.
    ///   - roots: the longest place counts.
    ///   - user: what the program ran as; `nil`: as this process does.
    package init(base: String, roots: [Root], user: JobUser? = nil) {
        self.base = base
        self.roots = roots.sorted { $0.place.count > $1.place.count }
        self.user = user
    }

    /// Follows what a link says to its end.
    ///
    /// - Parameter folder: where the program saw the link.
    /// - Throws: `Obstacle`.
    package func resolve(_ goal: FileName, from folder: [FileName]) throws -> Goal {
        var place = Self.isAbsolute(goal) ? [] : folder
        var rest = Self.split(goal)[...]
        var linkCount = 0
        while let name = rest.popFirst() {
            if name.bytes == [0x2E, 0x2E] {
                place = place.dropLast()
                continue
            }
            place.append(name)
            guard let (path, kind) = try find(place) else { continue }
            if kind == .link {
                linkCount += 1
                guard linkCount <= Self.linksMax else {
                    throw Obstacle(sentence: "is a link that leads around in a circle")
                }
                let next = try self.goal(ofLink: path)
                place = Self.isAbsolute(next) ? [] : place.dropLast()
                rest = Self.split(next) + rest
            } else if kind != .folder, !rest.isEmpty {
                throw Self.isMissing(place)
            }
        }
        switch try find(place) {
        case (let path, .file)?: return .file(path: path)
        case (let path, .folder)?: return .folder(path: path, place: place)
        case (_, .other)?: throw Obstacle(sentence: "is a link to \(Self.text(place)), which is no file")
        case (_, .link)?, nil: throw Self.leadsOut(place)
        }
    }

    /// What lies at a place.
    ///
    /// - Returns: `nil` above the roots, where there are only folders.
    private func find(_ place: [FileName]) throws -> (FileName, FileTree.Kind)? {
        let holding = roots.filter { place.starts(with: $0.place) }
        guard let first = holding.first else {
            if roots.contains(where: { $0.place.starts(with: place) }) { return nil }
            throw Self.leadsOut(place)
        }
        for path in first.paths {
            let full = place.dropFirst(first.place.count).reduce(FileName(path)) { $0.appending($1) }
            if let kind = try user.access({ try Self.kind(full, place) }) { return (full, kind) }
        }
        throw Self.isMissing(place)
    }

    private static func kind(_ path: FileName, _ place: [FileName]) throws -> FileTree.Kind? {
        var status = stat()
        if path.withCString({ lstat($0, &status) }) == 0 { return FileTree.kind(status.st_mode) }
        if errno == ENOENT || errno == ENOTDIR { return nil }
        let reason = String(cString: strerror(errno))
        throw Obstacle(sentence: "is a link to \(text(place)), which cannot be reached: \(reason)")
    }

    private func goal(ofLink path: FileName) throws -> FileName {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = try user.access { path.withCString { readlink($0, &bytes, bytes.count) } }
        guard count > 0 else { throw Obstacle(sentence: "is a link that cannot be read") }
        return FileName(bytes[..<count].map { UInt8(bitPattern: $0) })
    }

    private static func isMissing(_ place: [FileName]) -> Obstacle {
        Obstacle(sentence: "is a link to \(text(place)), which is not there")
    }

    private static func leadsOut(_ place: [FileName]) -> Obstacle {
        Obstacle(sentence: "is a link to \(text(place)), outside of what the job may read")
    }

    private static func isAbsolute(_ path: FileName) -> Bool { path.bytes.first == UInt8(ascii: "/") }

    static func split(_ path: FileName) -> [FileName] {
        path.bytes.split(separator: UInt8(ascii: "/")).filter { $0 != [0x2E] }.map { FileName(Array($0)) }
    }

    private static func text(_ place: [FileName]) -> String {
        "/" + place.map(\.printable).joined(separator: "/")
    }
}
