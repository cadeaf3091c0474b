// SPDX-License-Identifier: Apache-2.0

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.common.security.auth.AuthenticateCallbackHandler;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerExtensionsValidatorCallback;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerToken;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallback;

/**
 * The broker's side of Amazon MSK's IAM login: recomputes the signature of the request in a token. The system property
 * msk.keys has the keys it knows: ACCESS_KEY:SECRET_KEY[:SESSION_TOKEN], with commas between; msk.region the only region.
 */
public class MskIamValidator implements AuthenticateCallbackHandler {
  private record Key(String secret, String session) {}

  private final Map<String, Key> keys = new HashMap<>();
  private String region;

  @Override
  public void configure(Map<String, ?> configs, String mechanism, List<AppConfigurationEntry> entries) {
    region = System.getProperty("msk.region");
    for (String text : System.getProperty("msk.keys").split(",")) {
      String[] parts = text.split(":", 3);
      keys.put(parts[0], new Key(parts[1], parts.length > 2 ? parts[2] : null));
    }
  }

  @Override
  public void close() {}

  @Override
  public void handle(Callback[] callbacks) throws UnsupportedCallbackException {
    for (Callback callback : callbacks) {
      if (callback instanceof OAuthBearerValidatorCallback validator) {
        try {
          validator.token(checked(validator.tokenValue()));
        } catch (Exception e) {
          validator.error("invalid_token: " + e.getMessage(), null, null);
        }
      } else if (callback instanceof OAuthBearerExtensionsValidatorCallback extensions) {
        extensions.inputExtensions().map().keySet().forEach(extensions::valid);
      } else {
        throw new UnsupportedCallbackException(callback);
      }
    }
  }

  private OAuthBearerToken checked(String token) throws Exception {
    if (token.contains("=")) throw new Exception("padding");
    URI url = new URI(new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8));
    List<String> signed = new ArrayList<>();
    Map<String, String> query = new HashMap<>();
    for (String field : url.getRawQuery().split("&")) {
      String[] pair = field.split("=", 2);
      query.put(pair[0], URLDecoder.decode(pair[1], StandardCharsets.UTF_8));
      if (!pair[0].equals("X-Amz-Signature") && !pair[0].equals("User-Agent")) signed.add(field);
    }
    String[] scope = query.get("X-Amz-Credential").split("/");
    Key key = keys.get(scope[0]);
    if (key == null) throw new Exception("unknown access key " + scope[0]);
    expect("scheme", "https", url.getScheme());
    expect("action", "kafka-cluster:Connect", query.get("Action"));
    expect("signed headers", "host", query.get("X-Amz-SignedHeaders"));
    expect("region", region, scope[2]);
    expect("service", "kafka-cluster", scope[3]);
    expect("host", "kafka." + region + ".amazonaws.com", url.getHost());
    expect("session token", key.session, query.get("X-Amz-Security-Token"));
    if (!query.getOrDefault("User-Agent", "").startsWith("kpipe/")) throw new Exception("user agent");
    DateTimeFormatter format = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'");
    Instant begin = LocalDateTime.parse(query.get("X-Amz-Date"), format).toInstant(ZoneOffset.UTC);
    Instant end = begin.plusSeconds(Long.parseLong(query.get("X-Amz-Expires")));
    if (Instant.now().isAfter(end) || Instant.now().plusSeconds(300).isBefore(begin)) throw new Exception("time");

    Collections.sort(signed);
    String canonical = "GET\n/\n" + String.join("&", signed) + "\nhost:" + url.getHost() + "\n\nhost\n" + sha256("");
    String toSign = "AWS4-HMAC-SHA256\n" + query.get("X-Amz-Date") + "\n"
        + String.join("/", scope[1], scope[2], scope[3], scope[4]) + "\n" + sha256(canonical);
    byte[] signing = ("AWS4" + key.secret).getBytes(StandardCharsets.UTF_8);
    for (int i = 1; i < 5; i++) signing = hmac(signing, scope[i]);
    expect("signature", HexFormat.of().formatHex(hmac(signing, toSign)), query.get("X-Amz-Signature"));
    return new Token(token, scope[0], begin.toEpochMilli(), end.toEpochMilli());
  }

  private static void expect(String what, String expected, String found) throws Exception {
    if (expected == null ? found != null : !expected.equals(found)) throw new Exception("wrong " + what);
  }

  private static byte[] hmac(byte[] key, String text) throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String sha256(String text) throws Exception {
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(digest);
  }

  private record Token(String value, String principalName, Long startTimeMs, long lifetimeMs) implements OAuthBearerToken {
    @Override
    public Set<String> scope() {
      return Set.of();
    }
  }
}
