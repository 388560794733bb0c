"""The situations that are played in each engine: those about what engines do differently, and a spread of the rest.

What they differ in: when and how a WebSocket opens, fails and ends, in which order events and timers come, what is told
of a policy, and how values pass between Python and JavaScript.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.harness import Where
from tests.support.situations import situations

#: By file of tests/behaviour: on the page's main thread, and those of a line that begins with "w " in a worker too.
_CORE = {
    "acknowledging": """
        w in_1_2_a_message_is_settled_by_its_ack_header
          in_client_mode_an_ack_settles_every_earlier_message
          process_acks_on_leaving_and_nacks_when_it_raises
        w a_message_of_an_earlier_connection_is_stale_and_nothing_is_sent
    """,
    "asking": """
        w a_loss_fails_a_request_and_the_reply_subscription_is_restored
    """,
    "blame": """
        w any_error_fails_the_only_unconfirmed_subscribe
          a_cut_blames_nobody
          close_1012_blames_nobody
    """,
    "callbacks": """
          an_exception_in_a_callback_is_handed_to_on_unhandled_and_touches_nothing_else
          a_callback_may_subscribe_send_unsubscribe_and_close
          a_javascript_function_is_a_callback
        w a_javascript_function_that_throws_is_an_exception_in_a_callback
          a_promise_of_a_javascript_function_is_awaited
    """,
    "closing": """
        w closing_says_disconnect_waits_for_its_receipt_and_closes_the_socket
          without_receipt_closing_takes_no_longer_than_its_timeout
          the_servers_close_frame_is_not_waited_for
          closing_at_any_moment_of_opening_ends_it
          nothing_is_sent_behind_disconnect_and_waiting_calls_fail
          clients_one_after_another_do_not_disturb_each_other
    """,
    "credentials": """
          credentials_are_fresh_for_every_websocket_that_is_opened
    """,
    "diagnosis": """
        w a_refused_handshake_is_told
        w a_violation_of_the_pages_policy_is_told
        w a_blocked_port_is_told
        w a_place_where_nothing_listens_is_told
    """,
    "failover": """
        w a_url_that_does_not_answer_is_followed_by_the_next
          each_url_has_its_time
    """,
    "handshake": """
        w the_version_is_what_connected_says
          a_wrong_passcode_is_final_and_says_so
          connected_may_end_its_lines_with_crlf_and_is_never_unescaped
          a_close_before_connected_is_told_with_code_and_reason
          a_close_right_behind_connected_is_a_loss_like_any_other
          a_handshake_without_answer_times_out
          connect_outlives_a_server_that_is_down_at_first
        w a_connect_cancelled_while_it_opens_leaves_nothing_either
        w a_list_of_subprotocols_that_does_not_open_is_followed_by_one_alone_which_is_remembered
          a_refused_host_is_left_out_from_then_on
          a_rejection_without_words_is_one_too
        w a_rejection_with_a_gateway_close_code_passes
    """,
    "heartbeats": """
        w an_idle_client_sends_a_line_end_in_each_interval_as_a_message_of_its_own
          silence_ends_the_connection_fails_what_waits_and_is_followed_by_another
        w a_server_that_beats_is_never_given_up
        w a_blocked_thread_is_no_dead_peer
        w a_dead_peer_is_found_after_a_blocked_thread
          timers_end_with_their_connection
    """,
    "masking": """
          a_failure_shows_no_secret
    """,
    "messages": """
        w a_get_that_times_out_or_is_cancelled_loses_nothing
          several_consumers_of_one_subscription_share_its_messages
    """,
    "outbox": """
          over_a_reconnect_the_order_is_kept_and_nothing_is_sent_twice
          written_without_receipt_fails_at_the_loss_and_not_yet_written_waits_on
        w sends_wait_while_the_socket_does_not_take_them_and_nothing_overtakes
    """,
    "overflow": """
        w a_burst_in_one_message_overflows_nobody_who_takes
        w a_burst_in_many_messages_overflows_nobody_who_takes
        w nor_one_who_gives_others_a_turn_after_each
        w nor_one_whose_queue_holds_one
          drop_oldest_keeps_the_newest
          a_consumer_that_never_takes_holds_up_nobody_else
        w what_came_before_the_end_of_a_connection_is_delivered_however_slowly
    """,
    "receipts_and_errors": """
        w each_receipt_completes_the_call_with_exactly_its_id
          an_error_fails_the_call_it_names_and_ends_the_connection_for_the_others
        w the_first_of_receipt_and_error_counts_and_messages_before_it_are_delivered
        w a_malformed_frame_ends_the_connection_after_the_good_ones_before_it
          an_empty_receipt_id_is_legal
    """,
    "receiving": """
        w a_frame_may_be_cut_anywhere
        w the_head_may_come_as_text_and_the_body_as_binary
          an_empty_message_is_nothing_even_amid_a_frame
          an_unknown_command_ends_the_connection_behind_the_good_frames
          half_a_frame_is_never_delivered
        w a_large_body_arrives_whole
          what_comes_before_an_error_in_the_same_data_is_delivered
    """,
    "reconnecting": """
          subscriptions_are_restored_in_order_and_ahead_of_what_was_kept
        w every_end_that_close_did_not_ask_for_is_followed_by_another_connection
          ten_losses_double_nothing
          reconnect_now_does_not_wait
          a_started_client_is_usable_at_once_and_keeps_trying
    """,
    "sending": """
          a_body_is_text_octets_or_json
        w a_frame_of_utf_8_is_a_text_message_and_any_other_a_binary_one
        w a_large_frame_is_split_where_max_message_size_says
        w a_body_may_be_a_value_of_javascript
    """,
    "states": """
          the_numbers_are_right
    """,
    "subscribing": """
          a_consumer_that_waits_is_woken_by_unsubscribe
          after_a_final_failure_the_pending_messages_come_and_then_that_error
        w a_subscription_goes_on_across_reconnects_as_it_was_made
    """,
    "transactions": """
        w leaving_the_block_commits
          after_a_loss_every_call_and_the_commit_fail_and_nothing_is_sent_again
    """,
    "urls": """
        w what_cannot_be_a_websockets_url_is_refused_at_once
        w in_a_page_a_url_may_be_relative_or_http
          an_http_url_connects
    """,
}


def core(where: Where) -> Iterator[tuple[str, str]]:
    """Module and name of each situation of the core that is played there."""
    known = {(module, name) for module, name, places in situations() if where in places}
    for module, lines in _CORE.items():
        for words in filter(None, map(str.split, lines.splitlines())):
            if where == "main" or words[0] == "w":
                if (module, words[-1]) not in known:
                    raise LookupError(f"{module}.{words[-1]} is no situation that runs on a page's {where} thread")
                yield module, words[-1]
