"""The console: saved messages, transactions, timed and scripted publishing, replies."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.console import Console, Site


def test_a_saved_message_is_one_click_away_and_holds_no_secret(console: Console) -> None:
    console.connect()
    console.subscribe("/topic/saved")
    console["#send-destination"].fill("/topic/saved")
    console["#send-body"].fill("one lump or two")
    console.write_headers(("shop", "berlin"), ("authorization", "Bearer sesame"))
    console["#save-message"].click()
    console["#prompt-value"].fill("sugar")
    console.page.keyboard.press("Enter")
    console.says("#status", "Saved the message sugar, without 1 header that may hold a secret")
    assert "sesame" not in console.page.evaluate("() => JSON.stringify(localStorage)")
    console["#show-saved"].click()
    console.page.get_by_role("button", name="Send sugar").click()
    expect(console.row(1)).to_contain_text("one lump or two")
    console.page.reload()
    console.ready()  # the address has kept that it is to connect
    console.says("#light-word", "Connected")
    console["#show-saved"].click()
    console["#saved [data-fill]"].click()
    expect(console["#send-body"]).to_be_focused()
    expect(console["#send-body"]).to_have_value("one lump or two")
    expect(console["#send-headers input"]).to_have_count(2)
    console.page.keyboard.press("Control+Enter")
    console.says("#status", "Sent to /topic/saved")
    console["#show-saved"].click()
    console.page.get_by_role("button", name="Delete sugar").click()
    console.says("#saved-empty", "None yet")
    assert console.page.evaluate("() => localStorage.length") == 0


def test_a_transaction_happens_as_a_whole_or_not_at_all(console: Console) -> None:
    console.connect()
    console.subscribe("/topic/transaction")
    console["#begin"].click()
    expect(console["#commit"]).to_be_visible()
    for body in ("first", "second"):
        console.send("/topic/transaction", body)
    console.says("#transaction-words", "2 messages in the transaction")
    console.says("#say", "No message yet")
    console["#commit"].click()
    console.says("#status", "Committed 2 messages")
    expect(console.row(2)).to_contain_text("second")
    console["#begin"].click()
    expect(console["#abort"]).to_be_visible()
    console.send("/topic/transaction", "never")
    console.says("#transaction-words", "1 message in the transaction")
    console["#abort"].click()
    console.says("#status", "Aborted: 1 message did not happen")
    expect(console["#begin"]).to_be_focused()
    console.send("/topic/transaction", "after")
    expect(console.row(3)).to_contain_text("after")


def test_a_transaction_goes_with_its_connection(console: Console) -> None:
    console.connect()
    console["#begin"].click()
    expect(console["#commit"]).to_be_visible()
    console["#disconnect"].click()
    expect(console["#commit"]).to_be_hidden()
    expect(console["#begin"]).to_be_disabled()


def test_a_message_is_repeated(console: Console) -> None:
    console.connect()
    console.subscribe("/topic/repeat")
    console["#send-destination"].fill("/topic/repeat")
    console["#show-repeat"].click()
    console.write_number("#repeat-every", "1")
    console.write_number("#repeat-count", "5")
    console["#repeat-start"].click()
    console.says("#repeat-words", "5 of 5 sent")
    expect(console.row(5)).to_contain_text("Hello from Python")
    console.write_number("#repeat-every", "0")
    console.write_number("#repeat-count", "")
    console["#repeat-start"].click()
    console.says("#repeat-words", re.compile(r"\d{3} sent"))
    console["#repeat-stop"].click()
    expect(console["#repeat-start"]).to_be_visible()
    console.says("#status", re.compile("messages? sent"))


def test_a_script_makes_the_messages(console: Console) -> None:
    console.connect()
    console.subscribe("/topic/script")
    console["#send-destination"].fill("/topic/script")
    console["#show-repeat"].click()
    console["#repeat-what"].select_option("script")
    console.write_number("#repeat-every", "0")
    console.write_number("#repeat-count", "3")
    console["#repeat-script"].fill("lambda i: f'number {i}'")
    console["#repeat-start"].click()
    expect(console.row(3)).to_contain_text("number 2")
    console["#repeat-script"].fill(
        "import random\ndef message(i):\n    return '/topic/script', {'i': i}, {'shop': 'berlin'}"
    )
    console["#repeat-start"].click()
    expect(console.row(6)).to_contain_text('{"i":2}')
    console.row(6).click()
    console.says("#detail-headers", "berlin")


def test_what_is_wrong_with_a_script_is_said_in_words(console: Console) -> None:
    console.connect()
    console["#show-repeat"].click()
    console["#repeat-what"].select_option("script")
    console.write_number("#repeat-every", "0")
    for script, words in (
        ("def message(i):\n    return 1 +", "Line 2 of the script is no Python: invalid syntax"),
        ("def message(i):\n    return missing", "Line 2 of the script: NameError: name 'missing' is not defined"),
        ("x = 1", "The script is no function"),
        ("lambda i: None", "The script returned None"),
    ):
        console["#repeat-script"].fill(script)
        console["#repeat-start"].click()
        console.says("#status", words)
        expect(console["#repeat-start"]).to_be_visible()


def test_what_arrives_is_answered(console: Console, served: Site) -> None:
    console.connect()
    console.subscribe("/queue/orders.tea")
    console.subscribe("/topic/answers")
    console["#show-replies"].click()
    console.says("#replies-empty", "No rule yet")
    console["#reply-pattern"].fill("/queue/orders.*")
    console["#reply-text"].fill("tea")
    console["#reply-to"].fill("/topic/answers")
    console["#reply-body"].fill("brewing: {body}")
    console["#reply-add"].click()
    served.publish("/queue/orders.tea", "coffee", "green tea")
    rows = console["#rows .row"]
    expect(rows.filter(has_text="brewing: green tea")).to_have_count(1)
    expect(rows).to_have_count(3)
    expect(console["#replies .counter"]).to_have_text("1")
    # It answers where the question says, and with its correlation-id; but never itself.
    console["#reply-pattern"].fill("/topic/answers")
    console["#reply-text"].fill("")
    console["#reply-to"].fill("")
    console["#reply-body"].fill("pong")
    console["#reply-add"].click()
    served.publish("/topic/answers", "ping", **{"reply-to": "/topic/answers", "correlation-id": "c7"})
    pong = rows.filter(has_text="pong")
    expect(pong).to_have_count(1)
    pong.click()
    console.says("#detail-headers", "c7")
    console.page.get_by_role("button", name="On: answers to /queue/orders.*").click()
    served.publish("/queue/orders.tea", "more tea")
    expect(rows).to_have_count(6)
