/// What a set of records holds: its shape, and the range of each column.
package struct DataSummary: Codable, Sendable, Equatable {
    /// Numbers of one column. Absent entries of sparse data count as zeros, missing values not at all.
    package struct Column: Codable, Sendable, Equatable {
        /// From 0, as in sparse formats.
        package var index: Int
        /// From the header row, when there is one.
        package var name: String?
        /// `nil` when all values are missing.
        package var min: Float?
        package var max: Float?
        package var mean: Double?
        package var missing: Int

        package init(
            index: Int, name: String? = nil, min: Float?, max: Float?, mean: Double?, missing: Int = 0
        ) {
            self.index = index
            self.name = name
            self.min = min
            self.max = max
            self.mean = mean
            self.missing = missing
        }
    }

    package struct Labels: Codable, Sendable, Equatable {
        package struct Class: Codable, Sendable, Equatable {
            package var label: Float
            package var rows: Int
        }
        package var min: Float
        package var max: Float
        /// Each label and its rows, ascending, while there are at most `largestClassCount` of them.
        package var classes: [Class]?
    }

    /// A file of the data and how many records it holds.
    package struct Part: Codable, Sendable, Equatable {
        package var path: String
        package var rows: Int
    }

    package static let largestClassCount = 100
    /// Columns that `columns` has at most: the first ones.
    package static let largestColumnCount = 250_000

    package var path: String
    /// `csv`, `libsvm`, `recordio` or `idx`.
    package var format: String
    package var files: Int
    /// The files in the order in which their records count.
    package var parts: [Part]
    /// What people should know, though the data can be read: files left out, columns that look odd.
    package var remarks: [String]
    package var isGzip: Bool
    package var hasHeader: Bool
    package var rows: Int
    /// Features a row, the label not among them.
    package var features: Int
    /// Share of entries that are stored, for sparse formats.
    package var density: Double?
    /// Missing values in all columns together.
    package var missing: Int
    package var labels: Labels?
    /// The first `largestColumnCount` of them.
    package var columns: [Column]
}
