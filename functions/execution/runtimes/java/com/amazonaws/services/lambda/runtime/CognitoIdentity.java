package com.amazonaws.services.lambda.runtime;

/** The identity that called, when it is one of Cognito. */
public interface CognitoIdentity {
    String getIdentityId();

    String getIdentityPoolId();
}
