# SPDX-License-Identifier: Apache-2.0
"""Random clocks, keys and regions, and the token that AWS's own signer makes of each.

usage: msk_vectors.py COUNT SEED IN OUT    IN: the lines that msk_tokens reads, OUT: those it should print"""
import datetime
import random
import string
import sys

import botocore.auth
from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from botocore.credentials import CredentialProvider, Credentials

count, seed, inputs, outputs = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
dice = random.Random(seed)


def text(alphabet, least, most):
    return "".join(dice.choice(alphabet) for _ in range(dice.randint(least, most)))


class Fixed(CredentialProvider):
    def __init__(self, credentials):
        super().__init__()
        self.credentials = credentials

    def load(self):
        return self.credentials


agent = MSKAuthTokenProvider.__get_user_agent__()
with open(inputs, "w", encoding="utf-8") as to_sign, open(outputs, "w", encoding="utf-8") as expected:
    for _ in range(count):
        now = dice.randrange(946684800, 4102444800)  # 2000 to 2100
        region = dice.choice(["us-east-1", "eu-west-1", "ap-southeast-3", "us-gov-west-1", "cn-north-1", text(string.ascii_lowercase, 1, 12)])
        access = "AKIA" + text(string.ascii_uppercase + string.digits, 12, 16)
        secret = text(string.ascii_letters + string.digits + "/+", 20, 60)
        session = dice.choice(["", text(string.ascii_letters + string.digits + "/+=", 1, 900), text(string.punctuation + " ", 1, 50)])
        moment = datetime.datetime.fromtimestamp(now, datetime.timezone.utc)
        botocore.auth.get_current_datetime = lambda remove_tzinfo=True, at=moment: at.replace(tzinfo=None) if remove_tzinfo else at
        provider = Fixed(Credentials(access, secret, session or None))
        token, end = MSKAuthTokenProvider.generate_auth_token_from_credentials_provider(region, provider)
        print(now, region, access, secret, session, agent, sep="\t", file=to_sign)
        print(token, end, sep="\t", file=expected)
