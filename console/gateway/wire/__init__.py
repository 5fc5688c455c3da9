"""The wire is data: requests are read and answers written by botocore's service models."""
