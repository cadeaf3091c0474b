// SPDX-License-Identifier: Apache-2.0
import com.amazonaws.services.schemaregistry.serializers.GlueSchemaRegistryKafkaSerializer;
import com.amazonaws.services.schemaregistry.serializers.json.JsonDataWithSchema;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Produces by AWS's own serializers. usage: GlueProducer BROKERS ENDPOINT DESCRIPTORS COUNT FORMAT:COMPRESSION:TOPIC...
 * FORMAT is AVRO, JSON or PROTOBUF, COMPRESSION ZLIB or NONE. Value N is {"id":N,"note":null}, with odd N a text as note that
 * packs well; of Protobuf {"sku":"N"}, a shop.Item of DESCRIPTORS.
 */
public class GlueProducer {
    static final String AVRO = "{\"type\":\"record\",\"name\":\"Order\",\"namespace\":\"shop\",\"fields\":["
            + "{\"name\":\"id\",\"type\":\"long\"},{\"name\":\"note\",\"type\":[\"null\",\"string\"],\"default\":null}]}";
    static final String JSON = "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"type\":\"object\","
            + "\"properties\":{\"id\":{\"type\":\"integer\"},\"note\":{\"type\":[\"string\",\"null\"]}}}";

    static String note(int number) {
        return number % 2 == 0 ? null : "\u00fcn\u00efcode ".repeat(10);
    }

    static Object avro(int number) {
        GenericRecord record = new GenericData.Record(new Schema.Parser().parse(AVRO));
        record.put("id", (long) number);
        record.put("note", note(number));
        return record;
    }

    static Object json(int number) {
        String note = note(number) == null ? "null" : "\"" + note(number) + "\"";
        return JsonDataWithSchema.builder(JSON, "{\"id\":" + number + ",\"note\":" + note + "}").build();
    }

    static Descriptor item(String descriptors) throws Exception {
        Map<String, FileDescriptor> files = new HashMap<>();
        for (var file : FileDescriptorSet.parseFrom(Files.readAllBytes(Paths.get(descriptors))).getFileList()) {
            FileDescriptor[] needed = file.getDependencyList().stream().map(files::get).toArray(FileDescriptor[]::new);
            files.put(file.getName(), FileDescriptor.buildFrom(file, needed));
        }
        return files.get("shop/item.proto").findMessageTypeByName("Item");
    }

    public static void main(String[] arguments) throws Exception {
        Descriptor item = item(arguments[2]);
        int count = Integer.parseInt(arguments[3]);
        for (int i = 4; i < arguments.length; ++i) {
            String[] parts = arguments[i].split(":");
            Map<String, Object> options = new HashMap<>();
            options.put("bootstrap.servers", arguments[0]);
            options.put("key.serializer", StringSerializer.class.getName());
            options.put("value.serializer", GlueSchemaRegistryKafkaSerializer.class.getName());
            options.put("region", "eu-west-1");
            options.put("endpoint", arguments[1]);
            options.put("registry.name", "kpipe");
            options.put("schemaAutoRegistrationEnabled", "true");
            options.put("dataFormat", parts[0]);
            options.put("avroRecordType", "GENERIC_RECORD");
            options.put("protobufMessageType", "DYNAMIC_MESSAGE");
            options.put("compression", parts[1]);
            try (KafkaProducer<String, Object> producer = new KafkaProducer<>(options)) {
                for (int number = 0; number < count; ++number) {
                    Object value = switch (parts[0]) {
                        case "AVRO" -> avro(number);
                        case "JSON" -> json(number);
                        default -> DynamicMessage.newBuilder(item).setField(item.findFieldByName("sku"), "" + number).build();
                    };
                    producer.send(new ProducerRecord<>(parts[2], value)).get();
                }
            }
        }
    }
}
