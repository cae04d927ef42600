def IN(source): . as $wanted | any(source; . == $wanted);
def IN(source; wanted): any(source; IN(wanted));
def num:
  if type == "number" then .
  elif type == "string" then
    (gsub("[,%$\\s]"; "") | if . == "" or . == "-" or . == "." then null else (tonumber? // null) end)
  else null end;
def epoch:
  if . == null then null
  else (num | if . == null then null elif . > 100000000000 then . / 1000 else . end | if . == null then null else floor | todate end) end;
def text: if type == "string" and test("\\S") and . != "N/A" then . else null end;
def upper: if type == "string" then ascii_upcase else null end;
def string_or_null: if . == null then null else tostring end;
def round_to($decimals): if . == null then null else pow(10; $decimals) as $unit | (. * $unit | round) / $unit end;
def scale($factor): num | if . == null then null else . * $factor | round_to(6) end;
def kmh: num | if . == null then null else . / 3.6 | round_to(2) end;
def mph: num | if . == null then null else . * 0.44704 | round_to(2) end;
def knots: num | if . == null then null else . * 0.514444 | round_to(2) end;
def fahrenheit: num | if . == null then null else (. - 32) * 5 / 9 | round_to(1) end;
def strip_html:
  if type == "string" then gsub("<[^>]*>"; "") | @htmld | gsub("&nbsp;"; " ") | gsub("&rsquo;|&#39;"; "'") | gsub("&ldquo;|&rdquo;"; "\"") | gsub("\\s+"; " ") | trim
  else null end;
def is_public_ip:
  if contains(":") then
    ascii_downcase | test("^(::1?$|::ffff:|64:ff9b:|100:|2001:db8:|2002:|f[cd]|fe[89a-f]|ff)") | not
  else
    test("^(0|10|127|22[4-9]|23[0-9]|24[0-9]|25[0-5])\\.|^100\\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\\.|^169\\.254\\.|^172\\.(1[6-9]|2[0-9]|3[01])\\.|^192\\.0\\.[02]\\.|^192\\.168\\.|^198\\.1[89]\\.|^198\\.51\\.100\\.|^203\\.0\\.113\\.") | not
  end;
