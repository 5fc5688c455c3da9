package com.amazonaws.services.lambda.runtime;

/** The mobile app that called, from the client context. */
public interface Client {
    String getInstallationId();

    String getAppTitle();

    String getAppVersionName();

    String getAppVersionCode();

    String getAppPackageName();
}
