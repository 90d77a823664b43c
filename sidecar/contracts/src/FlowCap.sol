// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title The cap on a day's outflow: max(5 × median of the seven days before, floor) (ESC-5)
/// @dev A day is block.timestamp / 86400. The history is rolled once a day, in a loop over seven numbers.
library FlowCap {
    uint256 private constant DAYS = 7;
    uint256 private constant MULTIPLE = 5;

    /// @param day the last day with an outflow
    /// @param outflow of that day
    /// @param fiveMedians 5 × median of the seven days before it
    /// @param past outflow of each day before it, at index day % 7
    struct Flow {
        uint32 day;
        uint112 outflow;
        uint112 fiveMedians;
        uint112[DAYS] past;
    }

    /// @notice The release goes beyond what may leave today; from `retryAt`, in Unix seconds, the next day's cap counts.
    error FlowCapExceeded(address asset, uint256 amount, uint256 available, uint256 retryAt);

    /// @dev Books an outflow of today, or reverts.
    function charge(Flow storage flow, address asset, uint256 floorCap, uint256 amount) internal {
        Flow memory today = _today(flow);
        uint256 left = _left(today, floorCap);
        if (amount > left) revert FlowCapExceeded(asset, amount, left, (uint256(today.day) + 1) * 1 days);
        if (today.day != flow.day) flow.past = today.past;
        flow.day = today.day;
        flow.fiveMedians = today.fiveMedians;
        // No overflow: `left` keeps the sum within the cap, which fits.
        flow.outflow = today.outflow + uint112(amount);
    }

    /// @dev What may still leave today.
    function available(Flow storage flow, uint256 floorCap) internal view returns (uint256) {
        return _left(_today(flow), floorCap);
    }

    function _left(Flow memory today, uint256 floorCap) private pure returns (uint256) {
        uint256 cap = Math.min(Math.max(today.fiveMedians, floorCap), type(uint112).max);
        return Math.saturatingSub(cap, today.outflow);
    }

    /// @dev `past` is filled only when a new day has begun: on other calls nobody needs it.
    function _today(Flow storage flow) private view returns (Flow memory today) {
        today.day = uint32(block.timestamp / 1 days);
        uint256 last = flow.day;
        if (today.day == last) {
            today.outflow = flow.outflow;
            today.fiveMedians = flow.fiveMedians;
            return today;
        }
        today.past = flow.past;
        today.past[last % DAYS] = flow.outflow;
        uint256 quietDays = Math.min(today.day - last - 1, DAYS);
        for (uint256 i = 1; i <= quietDays; ++i) {
            today.past[(last + i) % DAYS] = 0;
        }
        today.fiveMedians = uint112(Math.min(MULTIPLE * _median(today.past), type(uint112).max));
    }

    function _median(uint112[DAYS] memory values) private pure returns (uint256) {
        uint112[DAYS] memory sorted;
        for (uint256 i = 0; i < DAYS; ++i) {
            uint256 slot = i;
            for (; slot > 0 && sorted[slot - 1] > values[i]; --slot) {
                sorted[slot] = sorted[slot - 1];
            }
            sorted[slot] = values[i];
        }
        return sorted[DAYS / 2];
    }
}
