package com.amazonaws.services.lambda.runtime;

/** What AWS's log4j appender tells the runtime. */
public final class LambdaRuntimeInternal {
    private static boolean useLog4jAppender;

    private LambdaRuntimeInternal() {}

    public static void setUseLog4jAppender(boolean value) {
        useLog4jAppender = value;
    }

    public static boolean getUseLog4jAppender() {
        return useLog4jAppender;
    }

    public static void setLogger(LambdaLogger logger) {
        LambdaRuntime.setLogger(logger);
    }
}
