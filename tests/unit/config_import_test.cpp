// SPDX-License-Identifier: Apache-2.0
#include "common/config/import.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "common/config/java_properties.hpp"
#include "tests/unit/base_expect.hpp"

namespace kpipe {
namespace {

std::string lines_of(const std::vector<PropertyLine>& lines) {
  std::string all;
  for (const PropertyLine& one : lines)
    all += std::to_string(one.line) + ":" + one.name + "=" + one.value + "|";
  return all;
}

TEST(JavaProperties, AsJavaReadsThem) {
  EXPECT_EQ(lines_of(parse_java_properties("a=1\nb : 2\r\nc 3\n\n# x\n ! y\n\td\t=\t4 \ne\nf=")),
            "1:a=1|2:b=2|3:c=3|7:d=4 |8:e=|9:f=|");
  EXPECT_EQ(lines_of(parse_java_properties("a=1\\\n   2\\\\\nb=3\\")), "1:a=12\\|3:b=3|");
  EXPECT_EQ(lines_of(parse_java_properties("a\\=b\\ c=d\\te\\u00e9\\q")), "1:a=b c=d\te\xC3\xA9q|");
  EXPECT_EQ(lines_of(parse_java_properties("a=\\ud83d\\ude00")), "1:a=\xF0\x9F\x98\x80|");
  EXPECT_EQ(lines_of(parse_java_properties("a==b=")), "1:a==b=|");
  EXPECT_THROW(parse_java_properties("a=\\u12"), std::invalid_argument);
  EXPECT_THROW(parse_java_properties("a=\\ud83dx"), std::invalid_argument);
}

TEST(JavaProperties, PlainOnesHaveNoEscapes) {
  EXPECT_EQ(lines_of(parse_plain_properties("# c\n a = b\\n# \n\nx=\n")), "2:a=b\\n#|4:x=|");
  try {
    parse_plain_properties("a=1\nhunter2\n");
    FAIL();
  } catch (const std::invalid_argument& cause) {
    EXPECT_STREQ(cause.what(), "2: expected NAME=VALUE");
  }
}

TEST(Jaas, AModuleAndItsOptions) {
  const JaasEntry entry = parse_jaas(
      "org.apache.kafka.common.security.plain.PlainLoginModule required\n"
      "  username=\"a b\" password='p\"q' x=y z=\"p\\\"q;=\";");
  EXPECT_EQ(entry.module, "PlainLoginModule");
  EXPECT_EQ(lines_of(entry.options), "0:username=a b|0:password=p\"q|0:x=y|0:z=p\"q;=|");
  EXPECT_EQ(lines_of(parse_jaas("M optional p=\";\";").options), "0:p=;|");
  for (const char* const wrong : {"", ";", "M", "M username=\"u\";", "M required", "M required a;",
                                  "M required a=;", "M required a=\"b;", "M required; N required;"})
    EXPECT_THROW(parse_jaas(wrong), std::invalid_argument) << wrong;
}

std::string imported(const std::string& text, const std::string& path = "/d/client.properties") {
  std::string all;
  for (const Setting& one : parse_import(text, path).settings)
    all += one.name + "=" + one.value + " ";
  return all;
}

TEST(Import, AClientPropertiesWithAPassword) {
  const Import read = parse_import(
      "bootstrap.servers=h:9093\nsecurity.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\n"
      "sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\\n"
      "   username=\"u\" password=\"p\\\\w\";\n"
      "ssl.truststore.location=trust.jks\nssl.truststore.password=changeit\n"
      "key.deserializer=org.apache.kafka.common.serialization.StringDeserializer\n"
      "enable.auto.commit=true\nauto.offset.reset=latest\n"
      "partition.assignment.strategy=org.apache.kafka.clients.consumer.RangeAssignor,"
      "org.apache.kafka.clients.consumer.CooperativeStickyAssignor\n",
      "/d/client.properties");
  std::string all;
  for (const Setting& one : read.settings)
    all += one.name + "=" + one.value + " " + one.origin.substr(21) + "\n";
  EXPECT_EQ(all,
            "bootstrap.servers=h:9093 1\nsecurity.protocol=SASL_SSL 2\n"
            "sasl.mechanism=SCRAM-SHA-512 3\nsasl.username=u 4\nsasl.password=pw 4\n"
            "ssl.truststore.location=/d/trust.jks 6\nssl.truststore.password=changeit 7\n"
            "from=latest 10\npartition.assignment.strategy=range,cooperative-sticky 11\n");
  EXPECT_EQ(read.ignored, (std::vector<std::string>{"/d/client.properties:8: key.deserializer",
                                                    "/d/client.properties:9: enable.auto.commit"}));
  EXPECT_TRUE(read.literal_secret);
  EXPECT_FALSE(parse_import("bootstrap.servers=h", "x").literal_secret);
}

TEST(Import, EachLoginModule) {
  EXPECT_EQ(imported("sasl.jaas.config=x.OAuthBearerLoginModule required clientId=\"c\" "
                     "clientSecret=\"s\" scope=\"k\" extension_a=\"1\" extension_b=\"2\";"),
            "sasl.oauthbearer.client.id=c sasl.oauthbearer.client.secret=s "
            "sasl.oauthbearer.scope=k sasl.oauthbearer.extensions=a=1,b=2 ");
  EXPECT_EQ(imported("sasl.mechanism=AWS_MSK_IAM\nsasl.jaas.config="
                     "software.amazon.msk.auth.iam.IAMLoginModule required awsProfileName=\"p\";"),
            "sasl.mechanism=AWS_MSK_IAM aws.profile=p ");
  EXPECT_EQ(imported("sasl.jaas.config=com.sun.security.auth.module.Krb5LoginModule required "
                     "useKeyTab=true keyTab=\"k\" principal=\"me@R\" serviceName=\"kafka\";"),
            "sasl.kerberos.keytab=/d/k sasl.kerberos.principal=me@R "
            "sasl.kerberos.service.name=kafka ");
}

TEST(Import, AKcatConf) {
  EXPECT_EQ(imported("metadata.broker.list=h\nsasl.mechanisms=PLAIN\nsasl.password=a\\b\n"
                     "ssl.cipher.suites=X\nenable.auto.commit=true\n",
                     "/d/kcat.conf"),
            "bootstrap.servers=h sasl.mechanism=PLAIN sasl.password=a\\b ssl.cipher.suites=X ");
  EXPECT_EQ(imported("a=1\na=2\n", "/d/kcat.conf"), "a=2 ");
}

TEST(Import, WhatIsWrongIsNamedByItsLine) {
  const auto refusal = [](const std::string& text) {
    const std::string said = unit::expect_error(Exit::config, [&] { imported(text); });
    EXPECT_EQ(said.find("hunter2"), std::string::npos) << said;
    return said;
  };
  EXPECT_EQ(refusal("\nsasl.jaas.config=PlainLoginModule required password=\"hunter2\n"),
            "/d/client.properties:2: sasl.jaas.config: a quote is not closed");
  EXPECT_NE(refusal("sasl.jaas.config=x.MyLoginModule required a=\"hunter2\";")
                .find("MyLoginModule: kpipe has no such login"),
            std::string::npos);
  EXPECT_NE(refusal("sasl.jaas.config=PlainLoginModule required pasword=\"hunter2\";")
                .find("has no option 'pasword'"),
            std::string::npos);
  EXPECT_EQ(refusal("a=\\u0"), "/d/client.properties:1: \\u needs four hexadecimal digits");
}

}  // namespace
}  // namespace kpipe
