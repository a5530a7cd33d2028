import Diagnostics
import Foundation

extension S3Store {
    package func list(prefix: String, after: String?, limit: Int) async throws -> ObjectPage {
        var token: String?
        while true {
            let (page, more) = try await part(prefix, after, min(max(1, limit), 1000), token)
            // A store may look through many keys and give none of them.
            if !page.objects.isEmpty || more == nil { return page }
            token = more
        }
    }

    /// - Returns: a page, and the token of the next one; `nil`: this is the last.
    private func part(
        _ prefix: String, _ after: String?, _ limit: Int, _ token: String?
    ) async throws -> (ObjectPage, String?) {
        var query: [(name: String, value: String?)] = [
            ("list-type", "2"), ("prefix", prefix), ("max-keys", "\(limit)"), ("encoding-type", "url"),
        ]
        if let token {
            query.append(("continuation-token", token))
        } else if let after {
            query.append(("start-after", after))
        }
        let request = S3Request(method: "GET", query: query)
        return try await policy.run {
            let answer = try await client.send(request, "list")
            guard let list = XMLElement(answer.body), list.name == "ListBucketResult" else {
                throw misunderstood("is no list")
            }
            let isEncoded = list.text("EncodingType") == "url"
            let objects = try list.children.filter { $0.name == "Contents" }.map { try object($0, isEncoded) }
            var last = after
            for object in objects {
                guard object.key.hasPrefix(prefix), last.map({ precedes($0, object.key) }) ?? true else {
                    throw misunderstood("is not in order of the keys (\(object.key))")
                }
                last = object.key
            }
            guard list.text("IsTruncated") == "true" else { return (ObjectPage(objects, next: nil), nil) }
            guard let more = list.text("NextContinuationToken"), more != token else {
                throw misunderstood("has no new NextContinuationToken")
            }
            return (ObjectPage(objects, next: objects.last?.key), more)
        }
    }

    private func object(_ element: XMLElement, _ isEncoded: Bool) throws -> ObjectInfo {
        guard var key = element.text("Key"), let size = element.text("Size").flatMap({ Int($0) }),
            let etag = element.text("ETag")
        else { throw misunderstood("has an object without Key, Size or ETag") }
        if isEncoded {
            let spaced = key.replacing("+", with: " ")
            guard let decoded = spaced.removingPercentEncoding else {
                throw misunderstood("has a key that cannot be decoded (\(key))")
            }
            key = decoded
        }
        return ObjectInfo(
            key: key, size: size, version: etag.filter { $0 != "\"" },
            modified: element.text("LastModified").flatMap(S3Time.seconds(ofList:)) ?? 0)
    }

    private func misunderstood(_ what: String) -> LockstepError {
        LockstepError(.network, "cannot list \(location): the store's answer \(what)")
    }

    private func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}

/// Points in time as S3 writes them.
enum S3Time {
    /// `2026-11-25T12:00:00.000Z`: seconds since 1970.
    static func seconds(ofList text: String) -> Double? {
        let plain = Date.ISO8601FormatStyle()
        let exact = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        return ((try? exact.parse(text)) ?? (try? plain.parse(text)))?.timeIntervalSince1970
    }

    /// `Wed, 25 Nov 2026 12:00:00 GMT`: seconds since 1970.
    static func seconds(ofHeader text: String) -> Double? {
        let words = text.split { ", ".contains($0) }
        guard words.count >= 5, let day = Int(words[1]), let year = Int(words[3]),
            let month = months.firstIndex(of: String(words[2]))
        else { return nil }
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return seconds(ofList: "\(year)-\(two(month + 1))-\(two(day))T\(words[4])Z")
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
