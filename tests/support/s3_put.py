# SPDX-License-Identifier: Apache-2.0
"""s3_put.py ENDPOINT BUCKET FOLDER FILE: an upload as `aws s3 cp` does it, under the file's name below the folder."""
import os
import sys

import boto3


def main():
    endpoint, bucket, folder, path = sys.argv[1:]
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test",
                          aws_secret_access_key="test")
    client.upload_file(path, bucket, os.path.relpath(path, folder))


if __name__ == "__main__":
    main()
