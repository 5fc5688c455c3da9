package com.amazonaws.services.lambda.runtime.logging;

/** How grave a line of the log is; UNDEFINED where nobody said. */
public enum LogLevel {
    UNDEFINED,
    TRACE,
    DEBUG,
    INFO,
    WARN,
    ERROR,
    FATAL;

    public static LogLevel fromString(String value) {
        try {
            return valueOf(value.toUpperCase());
        } catch (RuntimeException error) {
            throw new IllegalArgumentException(
                    "Invalid log level: '" + value + "' expected one of [TRACE, DEBUG, INFO, WARN, ERROR, FATAL]");
        }
    }
}
