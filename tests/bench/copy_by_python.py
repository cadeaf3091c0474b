# SPDX-License-Identifier: Apache-2.0
"""What one writes in an afternoon: a topic into PostgreSQL by COPY, at least once. copy_by_python.py TOPIC TABLE [COLUMN...]

Without columns the table is made for topic, partition, offset, time, key and the value's text."""
import csv
import io
import json
import os
import sys
import uuid

import psycopg2
from confluent_kafka import Consumer, KafkaError

topic, table, *columns = sys.argv[1:]
database = psycopg2.connect("")
consumer = Consumer({"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP"], "group.id": str(uuid.uuid4()),
                     "enable.auto.commit": False, "auto.offset.reset": "earliest", "enable.partition.eof": True})
consumer.subscribe([topic])
ended, partitions = set(), consumer.list_topics(topic).topics[topic].partitions
while len(ended) < len(partitions):
    text = io.StringIO()
    rows = csv.writer(text)
    for message in consumer.consume(50_000, 0.5):
        if message.error() is not None:
            assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
            ended.add(message.partition())
        elif columns:
            value = json.loads(message.value())
            rows.writerow([value.get(column) for column in columns])
        else:
            rows.writerow([message.topic(), message.partition(), message.offset(), message.timestamp()[1],
                           message.key() and message.key().decode(), message.value().decode()])
    text.seek(0)
    with database, database.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} FROM STDIN (FORMAT csv)", text)
    consumer.commit(asynchronous=False) if text.tell() else None
consumer.close()
