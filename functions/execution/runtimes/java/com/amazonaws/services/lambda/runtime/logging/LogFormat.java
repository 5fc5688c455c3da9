package com.amazonaws.services.lambda.runtime.logging;

/** How lines of the log look. */
public enum LogFormat {
    JSON,
    TEXT;

    public static LogFormat fromString(String value) {
        return value == null ? TEXT : valueOf(value.toUpperCase());
    }
}
