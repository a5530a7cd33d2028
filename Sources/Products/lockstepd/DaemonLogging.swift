import Logging

/// Daemons log to standard error; what a service manager or a file does with it is its business.
enum DaemonLogging {
    static func logger(_ label: String, level: Logger.Level = .info) -> Logger {
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        var logger = Logger(label: label)
        logger.logLevel = level
        return logger
    }
}
