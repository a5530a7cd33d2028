import Foundation

/// Numbers in the form that people read.
public enum Quantity {
    /// `0:07`, `12:34`, `1:02:03`, `3d 04:05`.
    public static func duration(seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "?" }
        let total = Int(seconds.rounded())
        let (minutes, hours, days) = (total / 60 % 60, total / 3600 % 24, total / 86_400)
        if days > 0 { return "\(days)d \(two(hours)):\(two(minutes))" }
        let rest = two(total % 60)
        return hours > 0 ? "\(hours):\(two(minutes)):\(rest)" : "\(minutes):\(rest)"
    }

    /// Four digits that count: `0.1234`, `12.34`, `1.234e-07`; whole numbers as they are.
    public static func real(_ value: Double) -> String {
        if value == value.rounded(), abs(value) < 1e15 { return String(Int(value)) }
        guard value.isFinite else { return String(value) }
        return String(format: "%.4g", value)
    }

    /// `950`, `12.3 k`, `4.56 M`.
    public static func rate(_ value: Double) -> String {
        guard value.isFinite, value >= 0 else { return "?" }
        if value < 1000 { return String(format: "%.0f", value) }
        if value < 1e6 { return String(format: "%.1f k", value / 1e3) }
        return String(format: "%.2f M", value / 1e6)
    }

    /// `2026-11-20 23:52:47`, UTC.
    public static func time(seconds: Double) -> String {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [
            .withFullDate, .withTime, .withColonSeparatorInTime, .withSpaceBetweenDateAndTime,
        ]
        return formatter.string(from: Date(timeIntervalSince1970: seconds))
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
}
