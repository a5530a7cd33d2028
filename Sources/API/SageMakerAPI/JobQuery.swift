import ClusterTypes
import Diagnostics
import FoundationEssentials
import JSON
import JobLifecycle
import SageMakerShapes

/// Filters, order and place of a ListTrainingJobs call.
///
/// A page token names the last job of its page, so that jobs that come or go between two calls
/// neither repeat nor hide others.
struct JobQuery {
    enum SortKey: String { case name = "Name", creationTime = "CreationTime", status = "Status" }

    private let request: JSONValue
    private let sortKey: SortKey
    private let isDescending: Bool
    private let pageSize: Int
    private let cursor: Cursor?
    /// The filters and the order, to tell whether a token is of this query.
    private let fingerprint: String

    /// - Throws: `APIFault` ValidationException for a token that no earlier page of this query gave.
    init(_ request: JSONValue) throws {
        self.request = request
        sortKey = request["SortBy"]?.string.flatMap(SortKey.init) ?? .creationTime
        isDescending = request["SortOrder"]?.string == "Descending"
        pageSize = request["MaxResults"]?.real.flatMap { Int($0) } ?? 10
        var filters = request.object ?? [:]
        filters["NextToken"] = nil
        filters["MaxResults"] = nil
        fingerprint = try JSONValue.object(filters.filter { $0.value != .null }).text()
        if let token = request["NextToken"]?.string {
            guard let cursor = Cursor(token: token), cursor.query == fingerprint else {
                throw APIFault.validation(
                    "Invalid NextToken: it is not of an earlier page of the same ListTrainingJobs call")
            }
            self.cursor = cursor
        } else {
            cursor = nil
        }
    }

    /// The page of `records` that the query asks for, and the token of the next if there is one.
    func page(of records: [JobRecord]) -> (jobs: [JobRecord], nextToken: String?) {
        var entries = records.filter(passes).map { (place: place(of: $0), record: $0) }
        entries.sort { isDescending ? $1.place < $0.place : $0.place < $1.place }
        if let last = cursor?.place {
            entries.removeAll { isDescending ? !($0.place < last) : !(last < $0.place) }
        }
        let page = entries.prefix(pageSize)
        guard page.count < entries.count, let last = page.last else {
            return (page.map(\.record), nil)
        }
        let next = Cursor(query: fingerprint, place: last.place)
        return (page.map(\.record), next.token)
    }

    private func passes(_ record: JobRecord) -> Bool {
        if let part = request["NameContains"]?.string, !record.name.rawValue.contains(part) {
            return false
        }
        if let status = request["StatusEquals"]?.string, record.status.rawValue != status {
            return false
        }
        // No job of this cluster has a warm pool or a training plan.
        if request["WarmPoolStatusEquals"] != nil || request["TrainingPlanArnEquals"] != nil {
            return false
        }
        return isAfter("CreationTimeAfter", record.creationTime)
            && isBefore("CreationTimeBefore", record.creationTime)
            && isAfter("LastModifiedTimeAfter", record.lastModifiedTime)
            && isBefore("LastModifiedTimeBefore", record.lastModifiedTime)
    }

    private func isAfter(_ member: String, _ time: Double) -> Bool {
        request[member].flatMap(Timestamp.seconds).map { time > $0 } ?? true
    }

    private func isBefore(_ member: String, _ time: Double) -> Bool {
        request[member].flatMap(Timestamp.seconds).map { time < $0 } ?? true
    }

    private func place(of record: JobRecord) -> Place {
        switch sortKey {
        case .name: Place(time: 0, text: "", name: record.name.rawValue)
        case .creationTime: Place(time: record.creationTime, text: "", name: record.name.rawValue)
        case .status: Place(time: 0, text: record.status.rawValue, name: record.name.rawValue)
        }
    }
}

extension JobQuery {
    /// Where a job stands in the order; the name decides between equals.
    struct Place: Codable, Equatable, Comparable {
        var time: Double
        var text: String
        var name: String
        static func < (a: Place, b: Place) -> Bool {
            (a.time, a.text, a.name) < (b.time, b.text, b.name)
        }
    }

    /// What a page token holds.
    struct Cursor: Codable, Equatable {
        var query: String
        var place: Place

        init(query: String, place: Place) {
            self.query = query
            self.place = place
        }

        init?(token: String) {
            guard let bytes = Data(base64Encoded: token),
                let cursor = try? JSONDecoder().decode(Cursor.self, from: bytes)
            else { return nil }
            self = cursor
        }

        var token: String? { try? JSONEncoder().encode(self).base64EncodedString() }
    }
}
